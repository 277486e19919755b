#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "dist/buckets.h"
#include "train/optimizer.h"

namespace uvic {
namespace {

using at::Tensor;
using Tensors = std::vector<Tensor>;

void copy(const Tensors& from, const Tensors& to) {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < to.size(); ++i) to[i].copy_(from[i]);
}

/// Every rank keeps all of the state and makes the same update.
class WholeOptimizer : public Optimizer {
 public:
  WholeOptimizer(const Tensors& parameters, const OptimizerOptions& options, const World& world)
      : adamw_(parameters, options) {
    if (!world.alone()) buckets_ = std::make_unique<GradientBuckets>(world, parameters, /*scatter=*/false);
  }

  void zero_grad() override { adamw_.zero_grad(); }
  void begin_last() override {
    if (buckets_) buckets_->begin();
  }
  double gradient_norm() override {
    if (buckets_) buckets_->finish();
    return uvic::gradient_norm(adamw_.gradients()).item<double>();
  }
  void scale_gradients(double factor) override { at::_foreach_mul_(adamw_.gradients(), factor); }
  void update(double lr) override { adamw_.step(lr); }

  AdamMoments moments() const override { return adamw_.moments; }
  void load(const AdamMoments& moments, int64_t updates) override {
    copy(moments.exp_avgs, adamw_.moments.exp_avgs);
    copy(moments.exp_avg_sqs, adamw_.moments.exp_avg_sqs);
    adamw_.set_updates(updates);
  }
  int64_t updates() const override { return adamw_.updates(); }

 private:
  AdamW adamw_;
  std::unique_ptr<GradientBuckets> buckets_;  // null: one process
};

/// Each rank gets the sums of its part of the gradients, updates that part of the weights with its part of
/// the state, and gives it to the others (Rajbhandari et al. 2020, "ZeRO", stage 1, with the gradients'
/// sums scattered as in stage 2).
class ShardedOptimizer : public Optimizer {
 public:
  ShardedOptimizer(Tensors parameters, const OptimizerOptions& options, const World& world)
      : world_(world),
        parameters_(std::move(parameters)),
        gradients_(world, parameters_, /*scatter=*/true),
        weights_(my_parts(parameters_)),
        adamw_(weights_, options) {}

  void zero_grad() override {
    for (const Tensor& parameter : parameters_) parameter.mutable_grad() = Tensor();
  }
  void begin_last() override { gradients_.begin(); }

  double gradient_norm() override {
    gradients_.finish();
    for (size_t b = 0; b < weights_.size(); ++b) weights_[b].mutable_grad() = gradients_.parts()[b];
    return std::sqrt(world_.sum(std::pow(uvic::gradient_norm(gradients_.parts()).item<double>(), 2)));
  }
  void scale_gradients(double factor) override { at::_foreach_mul_(gradients_.parts(), factor); }

  void update(double lr) override {
    const at::NoGradGuard no_grad;
    copy(my_parts(parameters_), weights_);
    adamw_.step(lr);
    for (size_t b = 0; b < weights_.size(); ++b) {
      for (const auto& [i, value] : whole(b, weights_[b])) parameters_[i].copy_(value);
    }
  }

  AdamMoments moments() const override {
    return {whole(adamw_.moments.exp_avgs), whole(adamw_.moments.exp_avg_sqs)};
  }
  void load(const AdamMoments& moments, int64_t updates) override {
    copy(my_parts(moments.exp_avgs), adamw_.moments.exp_avgs);
    copy(my_parts(moments.exp_avg_sqs), adamw_.moments.exp_avg_sqs);
    adamw_.set_updates(updates);
  }
  int64_t updates() const override { return adamw_.updates(); }

 private:
  const std::vector<Bucket>& buckets() const { return gradients_.buckets(); }

  Tensors my_parts(const Tensors& of_parameters) const {
    const at::NoGradGuard no_grad;
    Tensors parts;
    for (const Bucket& bucket : buckets()) {
      Tensor flat =
          at::zeros({bucket.numel}, of_parameters[bucket.members[0]].options().requires_grad(false));
      for (size_t m = 0; m < bucket.members.size(); ++m) {
        const Tensor& one = of_parameters[bucket.members[m]];
        flat.narrow(0, bucket.offsets[m], one.numel()).copy_(one.flatten());
      }
      parts.push_back(flat.narrow(0, world_.rank() * bucket.part(), bucket.part()).clone());
    }
    return parts;
  }

  // Of all ranks' parts of a bucket: parameters and their values.
  std::vector<std::pair<size_t, Tensor>> whole(size_t b, const Tensor& part) const {
    const Bucket& bucket = buckets()[b];
    const Tensor flat = at::empty({bucket.numel}, part.options().requires_grad(false));
    world_.start_gather(flat, part.detach()).wait();
    std::vector<std::pair<size_t, Tensor>> values;
    for (size_t m = 0; m < bucket.members.size(); ++m) {
      const Tensor& like = parameters_[bucket.members[m]];
      values.emplace_back(bucket.members[m],
                          flat.narrow(0, bucket.offsets[m], like.numel()).view(like.sizes()));
    }
    return values;
  }

  Tensors whole(const Tensors& parts) const {
    Tensors tensors(parameters_.size());
    for (size_t b = 0; b < parts.size(); ++b) {
      for (auto& [i, value] : whole(b, parts[b])) tensors[i] = std::move(value);
    }
    return tensors;
  }

  World world_;
  Tensors parameters_;
  GradientBuckets gradients_;
  Tensors weights_;  // this rank's part of each bucket, of the parameters as they are
  AdamW adamw_;
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(Tensors parameters, const OptimizerOptions& options,
                                          const World& world, bool shard) {
  if (shard && !world.alone())
    return std::make_unique<ShardedOptimizer>(std::move(parameters), options, world);
  return std::make_unique<WholeOptimizer>(parameters, options, world);
}

}  // namespace uvic
