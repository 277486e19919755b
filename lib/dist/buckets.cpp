#include "dist/buckets.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

namespace uvic {

using at::Tensor;

std::vector<Bucket> make_buckets(const std::vector<Tensor>& parameters, int64_t bytes, int64_t parts) {
  std::vector<Bucket> buckets;
  for (size_t i = parameters.size(); i-- > 0;) {
    const Tensor& parameter = parameters[i];
    const auto wanted = int64_t(parameter.nbytes());
    if (buckets.empty() || (buckets.back().numel * parameter.element_size() + wanted > bytes))
      buckets.push_back(Bucket{.members = {}, .offsets = {}, .numel = 0, .parts = parts});
    Bucket& bucket = buckets.back();
    bucket.members.push_back(i);
    bucket.offsets.push_back(bucket.numel);
    bucket.numel += parameter.numel();
  }
  for (Bucket& bucket : buckets) bucket.numel = (bucket.numel + parts - 1) / parts * parts;
  return buckets;
}

class GradientBuckets::Hook : public torch::autograd::PostAccumulateGradHook {
 public:
  Hook(GradientBuckets& buckets, size_t parameter) : buckets_(buckets), parameter_(parameter) {}
  void operator()(const Tensor&) override { buckets_.gradient_is_whole(parameter_); }

 private:
  GradientBuckets& buckets_;
  size_t parameter_;
};

GradientBuckets::GradientBuckets(const World& world, std::vector<Tensor> parameters, bool scatter,
                                 int64_t bytes)
    : world_(world),
      parameters_(std::move(parameters)),
      scatter_(scatter),
      buckets_(make_buckets(parameters_, bytes, world.size())),
      bucket_of_(parameters_.size()) {
  for (size_t b = 0; b < buckets_.size(); ++b) {
    const auto options = parameters_[buckets_[b].members[0]].options().requires_grad(false);
    flat_.push_back(at::zeros({buckets_[b].numel}, options));
    if (scatter_) parts_.push_back(at::zeros({buckets_[b].part()}, options));
    for (const size_t i : buckets_[b].members) {
      TORCH_CHECK(parameters_[i].options().type_equal(options), "parameters of one kind alone");
      bucket_of_[i] = b;
    }
  }
  for (size_t i = 0; i < parameters_.size(); ++i)
    torch::autograd::impl::set_post_acc_grad_hooks(parameters_[i], std::make_unique<Hook>(*this, i));
}

GradientBuckets::~GradientBuckets() {
  for (const Tensor& parameter : parameters_)
    torch::autograd::impl::set_post_acc_grad_hooks(parameter, nullptr);
}

void GradientBuckets::begin() {
  missing_.clear();
  for (const Bucket& bucket : buckets_) missing_.push_back(bucket.members.size());
  sent_.clear();
  last_ = true;
}

void GradientBuckets::gradient_is_whole(size_t parameter) {
  if (!last_) return;
  --missing_[bucket_of_[parameter]];
  send_whole_ones();
}

void GradientBuckets::send_whole_ones() {
  while (sent_.size() < buckets_.size() && missing_[sent_.size()] == 0) send(sent_.size());
}

void GradientBuckets::send(size_t b) {
  const at::NoGradGuard no_grad;
  const Bucket& bucket = buckets_[b];
  for (size_t m = 0; m < bucket.members.size(); ++m) {
    const Tensor& parameter = parameters_[bucket.members[m]];
    Tensor place = flat_[b].narrow(0, bucket.offsets[m], parameter.numel());
    if (parameter.grad().defined()) {
      place.copy_(parameter.grad().flatten());
    } else {
      place.zero_();  // the loss did not depend on it
    }
    // From now on its gradient is the sum's place, and its own memory free.
    parameter.mutable_grad() = scatter_ ? Tensor() : place.view(parameter.sizes());
  }
  sent_.push_back(scatter_ ? world_.start_scatter_sum(parts_[b], flat_[b]) : world_.start_sum(flat_[b]));
}

void GradientBuckets::finish() {
  TORCH_CHECK(last_, "begin() before finish()");
  last_ = false;
  while (sent_.size() < buckets_.size()) send(sent_.size());
  for (Pending& sent : sent_) sent.wait();
}

}  // namespace uvic
