#include "data/split.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/errors.h"
#include "io/digests.h"

namespace uvic {
namespace {

constexpr uint64_t kSplitSeed = 0;  // not train.seed: runs with several seeds are judged on the same images

// Those of the images `indexes` of a set.
class CaptionsOfSome : public Captions {
 public:
  CaptionsOfSome(const Captions& all, const std::vector<int64_t>& indexes) : all_(all), indexes_(indexes) {}
  int64_t count(int64_t image) const override { return all_.count(inner(image)); }
  std::string text(int64_t image, int64_t caption) const override { return all_.text(inner(image), caption); }
  std::string tokenizer() const override { return all_.tokenizer(); }
  std::vector<int32_t> ids(int64_t image, int64_t caption) const override {
    return all_.ids(inner(image), caption);
  }
  at::Tensor states(int64_t image, int64_t caption) const override {
    return all_.states(inner(image), caption);
  }
  std::string states_encoder() const override { return all_.states_encoder(); }
  at::Tensor null_states() const override { return all_.null_states(); }

 private:
  int64_t inner(int64_t image) const { return indexes_.at(size_t(image)); }
  const Captions& all_;
  const std::vector<int64_t>& indexes_;
};

class Subset : public Dataset {
 public:
  Subset(std::shared_ptr<const Dataset> dataset, std::vector<int64_t> indexes)
      : dataset_(std::move(dataset)), indexes_(std::move(indexes)) {
    if (const Captions* all = dataset_->captions()) captions_.emplace(*all, indexes_);
  }
  int64_t size() const override { return int64_t(indexes_.size()); }
  ImageShape image_shape() const override { return dataset_->image_shape(); }
  int64_t num_classes() const override { return dataset_->num_classes(); }
  std::vector<std::string> class_names() const override { return dataset_->class_names(); }
  at::Tensor image(int64_t index) const override { return dataset_->image(inner(index)); }
  at::Tensor augmented(int64_t index, CounterRandom& random) const override {
    return dataset_->augmented(inner(index), random);
  }
  int64_t label(int64_t index) const override { return dataset_->label(inner(index)); }
  std::string name(int64_t index) const override { return dataset_->name(inner(index)); }
  const Captions* captions() const override { return captions_ ? &*captions_ : nullptr; }
  std::optional<LatentSpace> latents() const override { return dataset_->latents(); }
  at::Tensor moments(int64_t index, bool mirrored) const override {
    return dataset_->moments(inner(index), mirrored);
  }
  bool keeps_mirrored() const override { return dataset_->keeps_mirrored(); }
  bool mirror_by_default() const override { return dataset_->mirror_by_default(); }
  std::string describe() const override { return c10::str(size(), " of ", dataset_->describe()); }
  DataIdentity identity() const override {
    DataIdentity identity = dataset_->identity();
    Sha256 hash;
    hash.add(identity.sha256);
    hash.add(indexes_.data(), indexes_.size() * sizeof indexes_[0]);
    identity.images = size();
    identity.class_counts = images_per_class(*this);
    identity.sha256 = hash.hex();
    return identity;
  }

 private:
  int64_t inner(int64_t index) const { return indexes_.at(size_t(index)); }
  std::shared_ptr<const Dataset> dataset_;
  std::vector<int64_t> indexes_;
  std::optional<CaptionsOfSome> captions_;
};

}  // namespace

DataSets split(std::shared_ptr<const Dataset> dataset, double fraction) {
  const int64_t size = dataset->size();
  const int64_t held_out = std::max<int64_t>(std::llround(fraction * double(size)), 1);
  check_usage(held_out < size, "data.val_fraction: ", fraction, " of ", size,
              " images leaves none to train on");
  std::vector<int64_t> order = permutation(kSplitSeed, 0, size);
  std::vector<int64_t> first(order.begin(), order.begin() + held_out),
      rest(order.begin() + held_out, order.end());
  std::sort(rest.begin(), rest.end());
  return {std::make_shared<Subset>(dataset, std::move(rest)),
          std::make_shared<Subset>(dataset, std::move(first))};
}

}  // namespace uvic
