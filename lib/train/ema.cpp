#include "train/ema.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/options.h"

namespace uvic {

Ema::Ema(std::vector<at::Tensor> parameters, const TrainOptions& options)
    : parameters_(std::move(parameters)), decays_(options.ema), ramp_(options.ema_warmup == "ramp") {
  for (size_t i = 0; i < decays_.size(); ++i) {
    auto& average = averages_.emplace_back();
    for (const auto& parameter : parameters_) average.push_back(parameter.detach().clone());
  }
}

double Ema::decay_at(size_t index, int64_t step) const {
  return ramp_ ? std::min(decays_[index], double(1 + step) / double(10 + step)) : decays_[index];
}

void Ema::update(int64_t step) {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < decays_.size(); ++i)
    at::_foreach_lerp_(averages_[i], parameters_, 1.0 - decay_at(i, step));
}

std::string Ema::name(size_t index) const {
  double decay = decays_[index];
  return "ema-" + value_text({"", "", &decay, {}});
}

int64_t Ema::largest() const {
  return decays_.empty() ? -1 : std::max_element(decays_.begin(), decays_.end()) - decays_.begin();
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
