#pragma once
#include "dist/world.h"
#include "sampling/sampler.h"
#include "tasks/diffusion/examples.h"

namespace uvic {

class UViT;

/// 0 .. images - 1.
std::vector<int64_t> seeds_in_turn(int64_t images);

/// Samples of a network that is being trained: classes in turn, captions of images spread over the data set.
class TrainingSamples {
 public:
  /// `examples` and `dataset` must outlive it.
  TrainingSamples(const DiffusionConfig& config, const ExampleMaker& examples, const Dataset& dataset,
                  c10::Device device)
      : config_(config), examples_(examples), dataset_(dataset), device_(device) {}

  /// Of seeds 0 .. images - 1 this rank's share. False if `stopping` said so meanwhile: then some images are
  /// missing.
  bool run(UViT& model, const SampleOptions& options, int64_t images, const World& world,
           const Sampler::OnImages& on_images, const Sampler::OnStep& on_step,
           const std::function<bool()>& stopping) const;
  /// The captions of such samples; empty for a model without text.
  std::vector<std::string> captions(int64_t images) const;
  const Stages& stages() const { return examples_.stages(); }
  c10::Device device() const { return device_; }

 private:
  /// The images of the data set whose captions `seeds` of `images` get.
  std::vector<int64_t> spread(std::vector<int64_t> seeds, int64_t images) const;

  DiffusionConfig config_;
  const ExampleMaker& examples_;
  const Dataset& dataset_;
  c10::Device device_;
};

}  // namespace uvic
