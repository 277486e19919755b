#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "train/options.h"

namespace uvic {

/// Exponential moving averages of the weights, several decays at once. Each starts as a copy.
class Ema {
 public:
  Ema(std::vector<at::Tensor> parameters, const TrainOptions& options);

  /// ema = decay * ema + (1 - decay) * parameter for every decay; `step` from 0 (for ema_warmup: ramp).
  void update(int64_t step);
  /// The decay in force at `step`.
  double decay_at(size_t index, int64_t step) const;

  size_t size() const { return decays_.size(); }
  /// "ema-0.9999": the weights file's name without its extension.
  std::string name(size_t index) const;
  /// In the parameters' order; writable, for loading.
  const std::vector<at::Tensor>& weights(size_t index) const { return averages_[index]; }
  /// Index of the largest decay; -1 if there is none.
  int64_t largest() const;

 private:
  std::vector<at::Tensor> parameters_;
  std::vector<double> decays_;
  bool ramp_;
  std::vector<std::vector<at::Tensor>> averages_;
};

/// Puts `weights` into `parameters` for a scope (swapping storage, no copy), e.g. to sample from an average.
class SwappedWeights {
 public:
  SwappedWeights(std::vector<at::Tensor> parameters, std::vector<at::Tensor> weights);
  ~SwappedWeights();
  SwappedWeights(const SwappedWeights&) = delete;
  SwappedWeights& operator=(const SwappedWeights&) = delete;

 private:
  std::vector<at::Tensor> parameters_, originals_;
};

}  // namespace uvic
