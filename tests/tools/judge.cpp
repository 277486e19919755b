// Judges Fashion-MNIST samples: `judge FOLDER ...` prints a line of README's quality table for each folder
// that `uvic-fid dump` wrote; `judge --real` the same for 1,000 real training images; `judge --train FILE`
// trains the classifier anew; `judge --script FILE` writes its features as TorchScript, for `uvic-fid
// --features` and train.eval_features.
#include <torch/csrc/jit/api/module.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "support/judge.h"

namespace uvic::testing {
namespace {

void print(const std::string& name, const Verdict& verdict) {
  std::printf("| %s | %ld | %.1f %% | %.2f |\n", name.c_str(), verdict.images, 100 * verdict.accuracy,
              verdict.frechet_distance);
}

// As float16, 0.2 MB; its accuracy is of those rounded weights.
void train_classifier(const std::filesystem::path& file) {
  Classifier classifier = Classifier::fresh(1);
  const auto [images, labels] = fashion_mnist("train");
  classifier.train(images, labels, 4);
  TensorMap half;
  for (const auto& [name, tensor] : classifier.weights()) half[name] = tensor.to(at::kHalf);
  save_safetensors(file, half);
  print("real test images", Judge(Classifier(load_safetensors(file).tensors)).judge(fashion_mnist("t10k")));
}

// Of uint8 [B, 3, 28, 28], grey as three channels.
void write_script(const std::filesystem::path& file) {
  torch::jit::Module module("FashionFeatures");
  const Classifier classifier = shipped_classifier();
  for (const auto& [key, tensor] : classifier.weights()) {
    std::string name = key;
    std::replace(name.begin(), name.end(), '.', '_');
    module.register_buffer(name, tensor);
  }
  module.define(R"(
def layer(self, x, weight, bias):
    return torch.max_pool2d(torch.relu(torch.conv2d(x, weight, bias, padding=1)), 2)

def forward(self, images):
    x = images[:, :1].float() / 127.5 - 1
    x = self.layer(x, self.conv1_weight, self.conv1_bias)
    x = self.layer(x, self.conv2_weight, self.conv2_bias)
    x = self.layer(x, self.conv3_weight, self.conv3_bias)
    return torch.relu(torch.matmul(x.flatten(1), self.hidden_weight.t()) + self.hidden_bias)
)");
  module.save(file.string());
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() == 2 && arguments[0] == "--script") {
    write_script(arguments[1]);
    return 0;
  }
  if (arguments.size() == 2 && arguments[0] == "--train") {
    train_classifier(arguments[1]);
    return 0;
  }
  const Judge judge(shipped_classifier());
  for (const std::string& argument : arguments) {
    if (argument == "--real") {
      const auto [images, labels] = fashion_mnist("train");
      print("1,000 real training images",
            judge.judge({images.narrow(0, 0, 1000), labels.narrow(0, 0, 1000)}));
    } else {
      print(argument, judge.judge(read_dump(argument)));
    }
  }
  return 0;
}

}  // namespace
}  // namespace uvic::testing

int main(int argc, char** argv) {
  try {
    return uvic::testing::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
}
