#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <cmath>

#include "dist/buckets.h"
#include "train/muon.h"
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
  /// `matrices`: as block_matrices says, of those that Muon is to update; `dtype` is that of its iterations.
  WholeOptimizer(const Tensors& parameters, const std::vector<int64_t>& matrices,
                 const OptimizerOptions& options, const World& world, at::ScalarType dtype)
      : parameters_(parameters),
        matrices_(matrices),
        adamw_(these(parameters, /*of_muon=*/false), options),
        muon_(these(parameters, /*of_muon=*/true), these(matrices, /*of_muon=*/true), options, dtype) {
    if (!world.alone()) buckets_ = std::make_unique<GradientBuckets>(world, parameters, /*scatter=*/false);
  }

  void zero_grad() override { uvic::zero_grad(parameters_); }
  void begin_last() override {
    if (buckets_) buckets_->begin();
  }
  double gradient_norm() override {
    if (buckets_) buckets_->finish();
    return uvic::gradient_norm(gradients_of(parameters_)).item<double>();
  }
  void scale_gradients(double factor) override { at::_foreach_mul_(gradients_of(parameters_), factor); }
  void update(double lr) override {
    adamw_.step(lr);
    muon_.step(lr);
  }

  AdamMoments moments() const override {
    AdamMoments all;
    size_t of_muon = 0, of_adamw = 0;
    for (size_t i = 0; i < parameters_.size(); ++i) {
      all.exp_avgs.push_back(has_squares(i) ? adamw_.moments.exp_avgs[of_adamw] : muon_.momenta[of_muon++]);
      all.exp_avg_sqs.push_back(has_squares(i) ? adamw_.moments.exp_avg_sqs[of_adamw++] : Tensor());
    }
    return all;
  }
  void load(const AdamMoments& moments, int64_t updates) override {
    copy(these(moments.exp_avgs, /*of_muon=*/false), adamw_.moments.exp_avgs);
    copy(these(moments.exp_avg_sqs, /*of_muon=*/false), adamw_.moments.exp_avg_sqs);
    copy(these(moments.exp_avgs, /*of_muon=*/true), muon_.momenta);
    adamw_.set_updates(updates);
  }
  int64_t updates() const override { return adamw_.updates(); }
  bool has_squares(size_t parameter) const override { return matrices_[parameter] == 0; }

 private:
  // Of what there is of each parameter, that of the ones that Muon updates, or of the others.
  template <class T>
  std::vector<T> these(const std::vector<T>& of_parameters, bool of_muon) const {
    std::vector<T> some;
    for (size_t i = 0; i < of_parameters.size(); ++i) {
      if (has_squares(i) != of_muon) some.push_back(of_parameters[i]);
    }
    return some;
  }

  Tensors parameters_;
  std::vector<int64_t> matrices_;
  AdamW adamw_;
  Muon muon_;
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
        pieces_(my_pieces()),
        weights_(pieces_of(parameters_)),
        adamw_(weights_, options) {}

  void zero_grad() override { uvic::zero_grad(parameters_); }
  void begin_last() override { gradients_.begin(); }

  double gradient_norm() override {
    gradients_.finish();
    for (size_t p = 0; p < pieces_.size(); ++p) {
      const Piece& piece = pieces_[p];
      weights_[p].mutable_grad() = gradients_.parts()[piece.bucket].narrow(0, piece.at, piece.count);
    }
    return std::sqrt(world_.sum(std::pow(uvic::gradient_norm(gradients_.parts()).item<double>(), 2)));
  }
  void scale_gradients(double factor) override { at::_foreach_mul_(gradients_.parts(), factor); }

  void update(double lr) override {
    const at::NoGradGuard no_grad;
    adamw_.step(lr);
    for (size_t b = 0; b < buckets().size(); ++b) {
      for (const auto& [i, value] : whole(b, weights_)) parameters_[i].copy_(value);
    }
  }

  AdamMoments moments() const override {
    return {whole(adamw_.moments.exp_avgs), whole(adamw_.moments.exp_avg_sqs)};
  }
  void load(const AdamMoments& moments, int64_t updates) override {
    copy(pieces_of(moments.exp_avgs), adamw_.moments.exp_avgs);
    copy(pieces_of(moments.exp_avg_sqs), adamw_.moments.exp_avg_sqs);
    adamw_.set_updates(updates);
  }
  int64_t updates() const override { return adamw_.updates(); }
  bool has_squares(size_t /*parameter*/) const override { return true; }

 private:
  /// What of a parameter is this rank's: `count` values from `first` on, which lie at `at` in its part of a
  /// bucket.
  struct Piece {
    size_t bucket, parameter;
    int64_t first, count, at;
  };

  const std::vector<Bucket>& buckets() const { return gradients_.buckets(); }

  std::vector<Piece> my_pieces() const {
    std::vector<Piece> pieces;
    for (size_t b = 0; b < buckets().size(); ++b) {
      const Bucket& bucket = buckets()[b];
      const int64_t begin = world_.rank() * bucket.part(), end = begin + bucket.part();
      for (size_t m = 0; m < bucket.members.size(); ++m) {
        const int64_t offset = bucket.offsets[m], size = parameters_[bucket.members[m]].numel();
        const int64_t first = std::max(begin, offset), last = std::min(end, offset + size);
        if (first < last)
          pieces.push_back({b, bucket.members[m], first - offset, last - first, first - begin});
      }
    }
    return pieces;
  }

  // Views of a tensor a parameter.
  Tensors pieces_of(const Tensors& of_parameters) const {
    Tensors views;
    for (const Piece& piece : pieces_)
      views.push_back(of_parameters[piece.parameter].detach().view(-1).narrow(0, piece.first, piece.count));
    return views;
  }

  // Of all ranks' pieces in a bucket: parameters and their values.
  std::vector<std::pair<size_t, Tensor>> whole(size_t b, const Tensors& pieces) const {
    const Bucket& bucket = buckets()[b];
    const auto options = parameters_[bucket.members[0]].options().requires_grad(false);
    const Tensor mine = at::zeros({bucket.part()}, options), all = at::empty({bucket.numel}, options);
    for (size_t p = 0; p < pieces_.size(); ++p) {
      if (pieces_[p].bucket == b) mine.narrow(0, pieces_[p].at, pieces_[p].count).copy_(pieces[p]);
    }
    world_.start_gather(all, mine).wait();
    std::vector<std::pair<size_t, Tensor>> values;
    for (size_t m = 0; m < bucket.members.size(); ++m) {
      const Tensor& like = parameters_[bucket.members[m]];
      values.emplace_back(bucket.members[m],
                          all.narrow(0, bucket.offsets[m], like.numel()).view(like.sizes()));
    }
    return values;
  }

  // On rank 0, which saves them.
  Tensors whole(const Tensors& pieces) const {
    Tensors tensors(world_.first() ? parameters_.size() : 0);
    for (size_t b = 0; b < buckets().size(); ++b) {
      auto values = whole(b, pieces);  // all ranks', as all ask
      if (!world_.first()) continue;
      for (auto& [i, value] : values) tensors[i] = std::move(value);
    }
    return tensors;
  }

  World world_;
  Tensors parameters_;
  GradientBuckets gradients_;
  std::vector<Piece> pieces_;
  Tensors weights_;  // views of the parameters: this rank's pieces
  AdamW adamw_;
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const torch::nn::Module& module, const OptimizerOptions& options,
                                          const TrainOptions& train, const World& world) {
  Tensors parameters = module.parameters();
  if (train.shard_optimizer && !world.alone())
    return std::make_unique<ShardedOptimizer>(std::move(parameters), options, world);
  const auto matrices =
      options.kind == OptimizerKind::kMuon ? block_matrices(module) : std::vector<int64_t>(parameters.size());
  const auto dtype = train.precision == Precision::kBf16 ? at::kBFloat16 : at::kFloat;
  return std::make_unique<WholeOptimizer>(parameters, matrices, options, world, dtype);
}

}  // namespace uvic
