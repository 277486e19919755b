// Images to features by a TorchScript network of the user's.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <filesystem>
#include <memory>
#include <string>

namespace uvic {

/// What an extractor says about n images, on the CPU.
struct Features {
  at::Tensor pooled;         ///< float32 [n, D]
  at::Tensor spatial;        ///< float32 [n, S]; undefined unless the extractor gives it
  at::Tensor probabilities;  ///< float32 [n, K], rows sum to 1; undefined unless asked for
};

struct FeatureSizes {
  int64_t pooled = 0, spatial = 0;  ///< D and S; S 0: the extractor gives no spatial features
};

/// Two kinds of TorchScript files are known, by the arguments of their `forward`:
/// - with `return_features`, as `inception-2015-12-05.pt` (NVIDIA's StyleGAN and EDM): called with
///   return_features=True for features and without for class probabilities, then with no_output_bias=True if
///   there is such an argument, as those programs do for the Inception score;
/// - any other: `forward(images)` gives features. It has no class probabilities.
/// Images are uint8 [n, 3, H, W]. Features are [n, D] or [n, D, 1, 1]; an extractor may return a tuple
/// (features, spatial features) and with it serve ADM's sFID (Nash et al. 2021, arXiv:2103.03841,
/// section 4.2).
class FeatureExtractor {
 public:
  /// UsageError: not a TorchScript file.
  FeatureExtractor(const std::filesystem::path& path, c10::Device device);
  ~FeatureExtractor();
  FeatureExtractor(const FeatureExtractor&) = delete;
  FeatureExtractor& operator=(const FeatureExtractor&) = delete;

  const std::string& name() const { return name_; }
  /// Of the file: two scores compare only if they come from the same one.
  const std::string& sha256() const { return sha256_; }
  /// Empty if it gives class probabilities, else why it does not.
  std::string why_no_probabilities() const;
  /// Found by a black image of that size. UsageError if the network refuses it or returns something else than
  /// features.
  FeatureSizes probe(int64_t height, int64_t width);

  /// UsageError as in `probe`. Not thread-safe.
  Features operator()(const at::Tensor& images, bool probabilities);

 private:
  struct Network;
  Features run(const at::Tensor& images, bool probabilities);
  at::Tensor class_probabilities(const at::Tensor& images, const at::Tensor& features);

  std::string name_, sha256_;
  c10::Device device_;
  std::unique_ptr<Network> network_;
  at::Tensor head_;  // [K, D] of the last layer, once it is known to be that; see class_probabilities
  bool looked_for_head_ = false;
};

}  // namespace uvic
