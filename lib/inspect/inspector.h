// An observer that measures attention and activations as a network runs.
#pragma once
#include "inspect/measures.h"
#include "nn/observe.h"

namespace uvic {

struct InspectorOptions {
  /// Queries whose weights are in memory at a time, for all heads of one image: [H, chunk, N] in float64.
  int64_t chunk = 64;
  /// Images of each run of it whose effective rank is computed, which takes an SVD of [N, N] a head; < 0:
  /// all.
  int64_t rank_images = -1;
};

/// Measures of all forwards that it observes. On the CPU, in float64, whatever the network runs in.
class Inspector : public NetworkObserver {
 public:
  Inspector(const ModelOptions& model, const InspectorOptions& options);
  ~Inspector() override;

  /// What the tokens of the next forward's images are, int64 [B, N] (token_groups); before each forward.
  void expect(const at::Tensor& groups);

  void begin(const at::Tensor& x, const at::Tensor& timesteps) override;
  void attention(AttentionInputs& inputs) override;
  void mlp(const at::Tensor& x) override;
  void block(const at::Tensor& x) override;
  void projection(const at::Tensor& x) override;

  /// std::runtime_error if attention was not finite.
  Measures finish() const;

 private:
  struct Layer;
  void measure_image(Layer& layer, const AttentionInputs& inputs, int64_t image);
  at::Tensor patches(const at::Tensor& x) const;
  at::Tensor output_measures(const at::Tensor& x, at::Tensor& previous) const;

  InspectorOptions options_;
  int64_t extras_;
  at::Tensor groups_;
  int64_t images_ = 0;  // of forwards before
  size_t block_ = 0;    // the one that runs
  std::vector<Layer> layers_;
  std::vector<at::Tensor> output_;
  at::Tensor previous_mlp_, previous_block_;
};

}  // namespace uvic
