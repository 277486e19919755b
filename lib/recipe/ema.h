// Moving averages of the weights while they are trained.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace uvic {

/// Which averages: exponential ones of `decays` (with `ramp`, of min(decay, (1 + step) / (10 + step))), then
/// power-function ones of `widths` (EDM2, see power_ema.h).
struct EmaKinds {
  std::vector<double> decays;
  bool ramp = false;
  std::vector<double> widths = {};
};

/// The decay in force at `step`, from 0, of an exponential average.
double ema_decay(double decay, bool ramp, int64_t step);

/// Several at once. Each starts as a copy.
class Ema {
 public:
  Ema(std::vector<at::Tensor> parameters, const EmaKinds& kinds);

  /// average = decay * average + (1 - decay) * parameter for every average; `step` from 0.
  void update(int64_t step);
  /// The decay in force at `step`.
  double decay_at(size_t index, int64_t step) const;

  size_t size() const { return kinds_.size(); }
  /// "ema-0.9999" or "power-0.05": the weights file's name without its extension.
  const std::string& name(size_t index) const { return kinds_[index].name; }
  bool is_power(size_t index) const { return kinds_[index].gamma >= 0; }
  /// In the parameters' order; writable, for loading.
  const std::vector<at::Tensor>& weights(size_t index) const { return averages_[index]; }
  /// Index of the exponential average of the largest decay, else of the widest power-function one; -1 if
  /// there is none.
  int64_t largest() const;

 private:
  struct Kind {
    std::string name;
    double decay;  // or width
    double gamma;  // below 0: exponential
  };
  std::vector<at::Tensor> parameters_;
  std::vector<Kind> kinds_;
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
