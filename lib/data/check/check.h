// Looking at a whole data set before something is trained on it.
#pragma once
#include <functional>
#include <string>

#include "data/check/report.h"
#include "data/options.h"

namespace uvic {

struct CheckOptions {
  DataOptions data = {};   ///< kind, path, captions, max_pixels, workers
  int64_t image_size = 0;  ///< what images will be prepared to, squared; 0: not said
};

/// Decodes every image, compares all with each other, and reads labels and captions, going on where training
/// would stop. `progress` is told images done, of how many. UsageError only where nothing can be opened: no
/// such set, or one without images.
CheckReport check_set(const CheckOptions& options, const std::function<void(int64_t, int64_t)>& progress);

}  // namespace uvic
