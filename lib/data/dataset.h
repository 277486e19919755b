// A labelled image set in memory or on disk, indexed 0 .. size() - 1.
#pragma once
#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/random.h"
#include "data/captions.h"
#include "data/identity.h"
#include "data/latent_space.h"
#include "data/options.h"

namespace uvic {

class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual int64_t size() const = 0;
  /// {C, H, W} of every image.
  virtual ImageShape image_shape() const = 0;
  /// Classes that the labels are of: labels are 0 .. num_classes() - 1. 0: the images have no labels.
  virtual int64_t num_classes() const = 0;
  /// By their numbers, in Unicode's normal form C; empty if classes are known by their numbers alone.
  virtual std::vector<std::string> class_names() const { return {}; }
  /// uint8 [C, H, W]. Thread-safe. UsageError names a file that cannot be decoded.
  virtual at::Tensor image(int64_t index) const = 0;
  /// The same as training shows it: with a random crop, if that is asked for, drawn from `random`.
  virtual at::Tensor augmented(int64_t index, CounterRandom& random) const {
    (void)random;
    return image(index);
  }
  /// 0 where there are no labels.
  virtual int64_t label(int64_t index) const = 0;
  /// What an image is called where it comes from: "cats/3.png"; empty: it has its number alone.
  virtual std::string name(int64_t /*index*/) const { return {}; }
  /// What the images are captioned with; null: nothing.
  virtual const Captions* captions() const { return nullptr; }
  /// What the images are kept as, if not as pixels: then image_shape() is that of the latents, `moments`
  /// takes the place of image() and augmented(), which throw.
  virtual std::optional<LatentSpace> latents() const { return std::nullopt; }
  /// Mean and standard deviation as the autoencoder gave them, not normalised: float32 [2, C, H, W];
  /// `mirrored`: of the mirrored image.
  virtual at::Tensor moments(int64_t index, bool mirrored) const;
  /// Whether moments of mirrored images are there.
  virtual bool keeps_mirrored() const { return false; }
  /// Of sets that know better than their kind (DataOptions::flips_by_data): whether data.random_flip: auto
  /// mirrors.
  virtual bool mirror_by_default() const { return true; }
  /// One line for start-up: "60000 images 1x28x28, 10 classes (labels 0 to 9), idx in /usr/share/...".
  virtual std::string describe() const = 0;
  /// As it stands it looks at every image: for sets in memory.
  virtual DataIdentity identity() const;
};

/// Whether training mirrors images at random. UsageError if it is to, but the latents of mirrored images are
/// not there.
bool mirrors(const DataOptions& options, const Dataset& dataset);

/// How many images each class 0 .. num_classes() - 1 has.
std::vector<int64_t> images_per_class(const Dataset& dataset);

struct DataSets {
  std::shared_ptr<const Dataset> train;
  std::shared_ptr<const Dataset> validation;  ///< null if nothing is held out
};

}  // namespace uvic
