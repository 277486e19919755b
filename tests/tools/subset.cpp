// `subset FOLDER`: the Fashion-MNIST subset of assets/: the first 200 training images of each class, in their
// order.
#include <iostream>

#include "support/idx_files.h"
#include "support/judge.h"

int main(int argc, char** argv) {
  using namespace uvic::testing;
  constexpr int kPerClass = 200;
  TORCH_CHECK(argc == 2, "usage: subset FOLDER");
  const auto [all_images, all_labels] = fashion_mnist("train");
  std::array<int, 10> taken{};
  std::string images = idx_header({10 * kPerClass, 28, 28}), labels = idx_header({10 * kPerClass});
  for (int64_t i = 0; i < all_labels.size(0); ++i) {
    const auto label = all_labels[i].item<int64_t>();
    if (taken[size_t(label)]++ >= kPerClass) continue;
    images.append(static_cast<const char*>(all_images[i].const_data_ptr()), 784);
    labels += char(label);
  }
  std::filesystem::create_directories(argv[1]);
  write_bytes(std::filesystem::path(argv[1]) / (kImages + ".gz"), gzip(images));
  write_bytes(std::filesystem::path(argv[1]) / (kLabels + ".gz"), gzip(labels));
}
