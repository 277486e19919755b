#pragma once
#include <memory>
#include <vector>

#include "diffusion/loss.h"
#include "inspect/input_set.h"
#include "tasks/diffusion/examples.h"

namespace uvic {

/// Images of the data set that a network was trained on, with their labels and first captions, noised: the
/// held-out ones if there are any. The same images and the same noise, one an image, at all noise levels and
/// for all networks.
class RealImages {
 public:
  /// `count` images drawn by `seed`, fewer where there are not as many. UsageError where the data set cannot
  /// be opened or does not suit the model.
  RealImages(const DiffusionConfig& config, const Stages& stages, c10::Device device, int64_t count,
             uint64_t seed);

  int64_t size() const { return x0_.size(0); }
  const Condition& condition() const { return condition_; }
  const at::Tensor& groups() const { return groups_; }
  /// See SampleRequest; undefined for a model without context.
  const at::Tensor& context_rows() const { return rows_; }
  SamplerParts sampler_parts() const { return examples_->sampler_parts(); }
  /// What the network sees without noise, float32 [I, C, H, W].
  const at::Tensor& x0() const { return x0_; }
  /// Noised to the schedule's time t; it must outlive this.
  InputSet at(double t) const;
  /// "32 of 10000 held-out images: idx in ...".
  const std::string& description() const { return description_; }

 private:
  DiffusionLoss loss_;
  std::unique_ptr<ExampleMaker> examples_;
  at::Tensor x0_, noise_, groups_, rows_;
  Condition condition_;
  std::string description_;
};

}  // namespace uvic
