// One pass of images through an extractor, nothing kept that is not asked for.
#pragma once
#include <functional>
#include <string>

#include "metrics/feature_extractor.h"
#include "metrics/gaussian.h"

namespace uvic {

/// All that is known about one side of a comparison.
struct FeatureSet {
  std::string name;          ///< for messages
  int64_t images = 0;        ///< 0: unknown (a file of statistics)
  Gaussian pooled, spatial;  ///< `spatial` only where the extractor gives it
  at::Tensor rows;           ///< float32 [N, D], undefined if not kept
  at::Tensor probabilities;  ///< float32 [N, K], undefined if not kept
  std::string why_no_probabilities;
};

struct ExtractOptions {
  bool keep_rows = false, probabilities = false;
};

/// Features of images that come batch by batch; memory for one batch, the moments, and what is kept.
class FeatureCollector {
 public:
  FeatureCollector(FeatureExtractor& extractor, const ExtractOptions& options);
  /// uint8 [n, 3, H, W].
  void add(const at::Tensor& images);
  int64_t count() const { return pooled_.count(); }
  /// D; needs one image.
  int64_t dim() const { return pooled_.dim(); }
  /// UsageError with fewer than two images; std::runtime_error if a feature is not finite.
  FeatureSet finish(const std::string& name) const;

 private:
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
