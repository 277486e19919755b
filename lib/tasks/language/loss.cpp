#include "tasks/language/loss.h"

#include <ATen/ATen.h>

#include "nn/autocast.h"
#include "nn/cogformer.h"

namespace uvic {

at::Tensor next_token_losses(Cogformer& model, const at::Tensor& windows, Precision precision,
                             c10::Device device) {
  const int64_t B = windows.size(0), T = windows.size(1) - 1;
  const at::Tensor inputs = windows.slice(1, 0, T).contiguous(), targets = windows.slice(1, 1);
  at::Tensor logits;
  {
    const AutocastScope autocast(AutocastState::for_precision(precision, device));
    logits = model.forward(inputs.to(device));
  }
  const at::Tensor losses = at::cross_entropy_loss(
      logits.to(at::kFloat).view({B * T, -1}), targets.to(device).reshape({B * T}), {}, at::Reduction::None);
  return losses.view({B, T}).mean(1);
}

}  // namespace uvic
