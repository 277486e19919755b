// TorchScript feature extractors for the tests.
#pragma once
#include <torch/csrc/jit/api/module.h>

#include "support/support.h"

namespace uvic::testing {

/// tests/fixtures/features_standin.pt has the call signature of inception-2015-12-05.pt: 48 features, 10
/// classes.
inline std::filesystem::path standin() {
  return fixture("features_standin.pt");
}

/// Saves a TorchScript network whose only method is this source.
inline std::filesystem::path script_network(const std::filesystem::path& path, const std::string& forward) {
  torch::jit::Module module("Network");
  module.define(forward);
  module.save(path.string());
  return path;
}

/// Four features: the means of the channels and of the upper half of the picture.
inline std::filesystem::path plain_network(const std::filesystem::path& path) {
  return script_network(path, R"(
def forward(self, images):
    x = images.float() / 255
    return torch.cat([x.mean([2, 3]), x[:, :, :x.size(2) // 2].mean([1, 2, 3]).unsqueeze(1)], 1)
)");
}

}  // namespace uvic::testing
