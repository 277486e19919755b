#include "nn/recompute.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include "nn/autocast.h"

namespace uvic {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// What a recomputation needs besides tensors; ref-counted, as ctx->saved_data holds it.
struct Recompute : torch::CustomClassHolder {
  std::function<Tensor(const std::vector<Tensor>&)> function;
  variable_list parameters;
  AutocastState autocast;
};

struct RecomputeFunction : torch::autograd::Function<RecomputeFunction> {
  // The lists are TensorLists, not vectors: `apply` makes graph edges of those alone.
  static Tensor forward(AutogradContext* ctx, const c10::intrusive_ptr<Recompute>& recompute,
                        at::TensorList inputs, at::TensorList /*parameters*/) {
    ctx->saved_data["recompute"] = c10::IValue::make_capsule(recompute);
    ctx->save_for_backward(inputs.vec());
    const at::NoGradGuard no_grad;
    return recompute->function(inputs.vec());
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto recompute =
        c10::static_intrusive_pointer_cast<Recompute>(ctx->saved_data["recompute"].toCapsule());
    variable_list inputs, wanted;
    for (const Tensor& saved : ctx->get_saved_variables()) {
      inputs.push_back(saved.detach().requires_grad_(saved.requires_grad()));
    }
    const auto want = [&](const variable_list& tensors) {
      for (const Tensor& tensor : tensors) {
        if (tensor.requires_grad()) wanted.push_back(tensor);
      }
    };
    want(inputs);
    want(recompute->parameters);
    const Tensor output = [&] {
      const at::AutoGradMode grad_mode(true);
      const AutocastScope autocast(recompute->autocast);
      return recompute->function(inputs);
    }();
    // Outside the autocast scope, as every backward: inside, its own matrix products would be cast.
    const variable_list found = torch::autograd::grad({output}, wanted, {grads[0]});
    // One gradient for each argument of `apply`: the capsule, then each input, then each parameter.
    variable_list all = {Tensor()};
    size_t next = 0;
    inputs.insert(inputs.end(), recompute->parameters.begin(), recompute->parameters.end());
    for (const Tensor& tensor : inputs) all.push_back(tensor.requires_grad() ? found[next++] : Tensor());
    return all;
  }
};

}  // namespace

Tensor recompute_in_backward(const std::function<Tensor(const std::vector<Tensor>&)>& function,
                             const std::vector<Tensor>& inputs, const std::vector<Tensor>& parameters) {
  auto recompute = c10::make_intrusive<Recompute>();
  recompute->function = function;
  recompute->parameters = parameters;
  recompute->autocast = AutocastState::current();
  return RecomputeFunction::apply(recompute, at::TensorList(inputs), at::TensorList(parameters));
}

}  // namespace uvic
