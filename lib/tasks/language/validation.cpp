#include "tasks/language/validation.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/errors.h"
#include "nn/cogformer.h"
#include "tasks/language/loss.h"

namespace uvic {

TokenValidation::TokenValidation(std::shared_ptr<const TokenFile> tokens, const LanguageConfig& config,
                                 c10::Device device)
    : tokens_(std::move(tokens)),
      context_(config.model.max_seq_length),
      windows_(std::min(config.train.val_tokens, tokens_->size() - 1) / context_),
      micro_batch_(config.train.batch_size / config.train.grad_accum),
      precision_(config.train.precision),
      device_(device) {
  check_usage(tokens_->size() > context_, tokens_->name(), ": has ", tokens_->size(),
              " held-out tokens, and model.max_seq_length ", context_, " needs ", context_ + 1,
              " at least; hold out more, or set train.val_interval=0");
  windows_ = std::max<int64_t>(windows_, 1);
}

double TokenValidation::loss(Cogformer& model, const World& world) const {
  const at::NoGradGuard no_grad;
  const int64_t whole = (tokens_->size() - 1) / context_;
  double sum = 0;
  for (const auto& [first, count] : world.share_in_runs(windows_, micro_batch_)) {
    std::vector<at::Tensor> windows;
    for (int64_t i = first; i < first + count; ++i)
      windows.push_back(tokens_->read(i * whole / windows_ * context_, context_ + 1));
    sum += next_token_losses(model, at::stack(windows), precision_, device_).sum().item<double>();
  }
  return world.sum(sum) / double(windows_);
}

double TokenValidation::bits_per_byte(double loss) const {
  const int64_t bytes = tokens_->info().text_bytes;
  if (bytes <= 0) return std::numeric_limits<double>::quiet_NaN();
  return loss / std::log(2.0) * double(tokens_->size()) / double(bytes);
}

}  // namespace uvic
