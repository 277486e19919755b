#include "train/optimizer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <c10/util/accumulate.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace uvic {

double learning_rate(const OptimizerOptions& options, int64_t step, int64_t total_steps) {
  const int64_t warmup = options.warmup_steps;
  if (step < warmup) return options.lr * double(step) / double(warmup);
  if (options.schedule == RateSchedule::kConstant) return options.lr;
  const double progress = double(step - warmup) / double(std::max<int64_t>(total_steps - warmup, 1));
  return options.lr * 0.5 * (1.0 + std::cos(std::numbers::pi * std::min(progress, 1.0)));
}

AdamW::AdamW(std::vector<at::Tensor> parameters, const OptimizerOptions& options)
    : parameters_(std::move(parameters)), options_(options) {
  for (const auto& parameter : parameters_) {
    moments.exp_avgs.push_back(at::zeros_like(parameter));
    moments.exp_avg_sqs.push_back(at::zeros_like(parameter));
  }
  // One count for all of them, as all are updated together.
  if (!parameters_.empty())
    state_steps_.assign(parameters_.size(), at::zeros({}, parameters_[0].options().dtype(at::kFloat)));
}

void AdamW::set_updates(int64_t updates) {
  updates_ = updates;
  if (!state_steps_.empty()) state_steps_[0].fill_(updates);
}

int64_t count_moments(const OptimizerOptions& options, const ParameterShapes& shapes) {
  int64_t count = 0;
  for (const auto& [name, shape] : shapes) {
    const bool of_muon =
        options.kind == OptimizerKind::kMuon && block_matrices(name, int64_t(shape.size())) > 0;
    count += (of_muon ? 1 : 2) * c10::multiply_integers(shape);
  }
  return count;
}

std::vector<at::Tensor> gradients_of(const std::vector<at::Tensor>& parameters) {
  std::vector<at::Tensor> gradients;
  for (const auto& parameter : parameters) {
    if (!parameter.grad().defined()) parameter.mutable_grad() = at::zeros_like(parameter);
    gradients.push_back(parameter.grad());
  }
  return gradients;
}

void zero_grad(const std::vector<at::Tensor>& parameters) {
  for (const auto& parameter : parameters) parameter.mutable_grad() = at::Tensor();
}

void AdamW::step(double lr) {
  const at::NoGradGuard no_grad;
  set_updates(updates_ + 1);
  if (parameters_.empty()) return;  // a rank may have no part of a very small network
  at::_fused_adamw_(parameters_, gradients_of(parameters_), moments.exp_avgs, moments.exp_avg_sqs,
                    /*max_exp_avg_sqs=*/{}, state_steps_, lr, options_.betas[0], options_.betas[1],
                    options_.weight_decay, options_.eps, /*amsgrad=*/false, /*maximize=*/false);
}

at::Tensor gradient_norm(const std::vector<at::Tensor>& gradients) {
  return at::stack(at::_foreach_norm(gradients)).norm();
}

}  // namespace uvic
