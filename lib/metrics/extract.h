// One pass of images through an extractor, nothing kept that is not asked for.
#pragma once
#include <functional>
#include <stdexcept>
#include <string>

#include "metrics/feature_extractor.h"
#include "metrics/gaussian.h"

namespace uvic {

/// All that is known about one side of a comparison.
struct FeatureSet {
  std::string name;          ///< for messages
  bool of_file = false;      ///< read from a file of statistics
  int64_t images = 0;        ///< 0: unknown (such a file)
  Gaussian pooled, spatial;  ///< `spatial` only where the extractor gives it
  at::Tensor rows;           ///< float32 [N, D], undefined if not kept
  at::Tensor probabilities;  ///< float32 [N, K], undefined if not kept
  std::string why_no_probabilities;
};

struct ExtractOptions {
  bool keep_rows = false, probabilities = false;
};

/// "x: statistics need two images or more, there is 1".
std::string few_images_text(const std::string& name, int64_t images);

/// An extractor gave NaN or infinity for an image.
struct NonFiniteFeatures : std::runtime_error {
  NonFiniteFeatures(const std::string& what, int64_t row_) : std::runtime_error(what), row(row_) {}
  int64_t row;  ///< of the batch
};

/// Features of images that come batch by batch; memory for one batch, the moments, and what is kept.
class FeatureCollector {
 public:
  FeatureCollector(FeatureExtractor& extractor, const ExtractOptions& options);
  /// uint8 [n, 3, H, W]. NonFiniteFeatures, naming the image by its place.
  void add(const at::Tensor& images);
  /// Any number of them, also grey, uint8 [n, 1 or 3, H, W], few at a time.
  void add_pictures(const at::Tensor& pictures);
  int64_t count() const { return pooled_.count(); }
  /// What has been collected, and taking it in elsewhere, behind one's own: other processes' images.
  struct State {
    at::Tensor pooled, spatial;      ///< Moments::state; spatial undefined if the extractor gives none
    at::Tensor rows, probabilities;  ///< float32 [n, D], [n, K]; undefined if not kept
  };
  State state() const;
  void merge(const State& state);
  /// D; needs one image.
  int64_t dim() const { return pooled_.dim(); }
  /// UsageError with fewer than two images; std::runtime_error if their moments overflow.
  FeatureSet finish(const std::string& name) const;

 private:
  void check_finite(const at::Tensor& rows) const;
  FeatureExtractor& extractor_;
  ExtractOptions options_;
  Moments pooled_, spatial_;
  std::vector<at::Tensor> rows_, probabilities_;
};

/// The next batch, uint8 [n, 3, H, W]; undefined after the last.
using NextImages = std::function<at::Tensor()>;

struct ExtractTimes {
  double seconds = 0, wait_seconds = 0;  ///< of the whole pass; of it, waiting for images
};

/// Feeds all of `next` to the collector; `on_progress` hears the images done.
ExtractTimes extract_all(const NextImages& next, FeatureCollector& collector,
                         const std::function<void(int64_t)>& on_progress = {});

}  // namespace uvic
