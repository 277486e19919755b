// `bench_score [IMAGES] [SIZE] [WORKERS]`: is the feature pass of uvic-fid score bound by the extractor? PNGs
// of SIZE x SIZE through a convolutional network of about a tenth of Inception's work, against the same
// network on images that are in memory, interleaved.
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "core/device.h"
#include "data/image_set.h"
#include "metrics/extract.h"
#include "support/extractors.h"
#include "support/image_files.h"

namespace uvic::testing {
namespace {

// 1.1 GFLOP an image: at 32 x 32 features it is 13 convolutions of 64 channels; Inception takes 11.4.
std::filesystem::path network(const std::filesystem::path& path) {
  torch::jit::Module module("Network");
  at::manual_seed(1);
  module.register_buffer("first", at::randn({64, 3, 3, 3}) * 0.3);
  module.register_buffer("middle", at::randn({64, 64, 3, 3}) * 0.06);
  module.define(R"(
def forward(self, images):
    x = torch.upsample_bilinear2d(images.float() / 127.5 - 1, [32, 32], False, None, None)
    x = torch.relu(torch.conv2d(x, self.first, None, 1, 1))
    for i in range(14):
        x = torch.relu(torch.conv2d(x, self.middle, None, 1, 1))
    return x.mean([2, 3])
)");
  module.save(path.string());
  return path;
}

int run(int64_t count, int size, int64_t workers) {
  constexpr int64_t kBatch = 64;
  keep_freed_memory();  // as the executables do
  const TemporaryDirectory directory;
  for (int64_t i = 0; i < count; ++i) {
    cv::Mat image = picture(size, size, int(i)), grain(size, size, CV_8UC3);
    cv::randn(grain, 0, 6);
    image += grain;
    write_image(directory / ("images/" + std::to_string(i) + ".png"), image);
  }
  FeatureExtractor extractor(network(directory / "network.pt"), c10::kCPU);
  const auto memory = open_image_set(directory / "images");
  std::vector<at::Tensor> decoded;
  for (int64_t i = 0; i < count; i += kBatch)
    decoded.push_back(memory->read(i, std::min(kBatch, count - i))[0].images);
  extractor(decoded[0], false);  // compiles
  std::printf("%ld PNGs of %d x %d, batches of %ld, %ld workers\n", count, size, size, kBatch, workers);
  for (int round = 0; round < 3; ++round) {
    size_t next = 0;
    FeatureCollector alone(extractor, {});
    const auto without =
        extract_all([&] { return next < decoded.size() ? decoded[next++] : at::Tensor(); }, alone);
    const auto set = open_image_set(directory / "images");
    ImageBatches batches(*set, kBatch, workers);
    FeatureCollector whole(extractor, {});
    const auto with = extract_all([&] { return batches.next(); }, whole);
    std::printf(
        "extractor alone %.0f images/s, whole pass %.0f images/s: %.2f of it; %.3f of the time waiting\n",
        double(count) / without.seconds, double(count) / with.seconds, without.seconds / with.seconds,
        with.wait_seconds / with.seconds);
  }
  return 0;
}

}  // namespace
}  // namespace uvic::testing

int main(int argc, char** argv) {
  return uvic::testing::run(argc > 1 ? std::atoll(argv[1]) : 600, argc > 2 ? std::atoi(argv[2]) : 256,
                            argc > 3 ? std::atoll(argv[3]) : 2);
}
