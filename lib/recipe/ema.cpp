#include "recipe/ema.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "recipe/layout.h"
#include "recipe/power_ema.h"

namespace uvic {

double ema_decay(double decay, bool ramp, int64_t step) {
  return ramp ? std::min(decay, double(1 + step) / double(10 + step)) : decay;
}

Ema::Ema(std::vector<at::Tensor> parameters, const EmaKinds& kinds)
    : parameters_(std::move(parameters)), ramp_(kinds.ramp) {
  for (const double decay : kinds.decays) kinds_.push_back({ema_name(decay), decay, -1});
  for (const double width : kinds.widths)
    kinds_.push_back({power_ema_name(width), width, power_ema_exponent(width)});
  for (size_t i = 0; i < kinds_.size(); ++i) {
    auto& average = averages_.emplace_back();
    for (const auto& parameter : parameters_) average.push_back(parameter.detach().clone());
  }
}

double Ema::decay_at(size_t index, int64_t step) const {
  const Kind& kind = kinds_[index];
  if (kind.gamma >= 0) return power_ema_decay(kind.gamma, step + 1);
  return ema_decay(kind.decay, ramp_, step);
}

void Ema::update(int64_t step) {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < size(); ++i) at::_foreach_lerp_(averages_[i], parameters_, 1.0 - decay_at(i, step));
}

int64_t Ema::largest() const {
  const auto rank = [](const Kind& kind) { return std::pair(kind.gamma < 0, kind.decay); };
  const auto found = std::max_element(kinds_.begin(), kinds_.end(),
                                      [&](const Kind& a, const Kind& b) { return rank(a) < rank(b); });
  return kinds_.empty() ? -1 : found - kinds_.begin();
}

SwappedWeights::SwappedWeights(std::vector<at::Tensor> parameters, std::vector<at::Tensor> weights)
    : parameters_(std::move(parameters)) {
  for (size_t i = 0; i < parameters_.size(); ++i) {
    originals_.push_back(parameters_[i].detach());
    parameters_[i].set_data(weights[i]);
  }
}

SwappedWeights::~SwappedWeights() {
  for (size_t i = 0; i < parameters_.size(); ++i) parameters_[i].set_data(originals_[i]);
}

}  // namespace uvic
