#include "core/errors.h"
#include "data/dataset.h"
#include "data/idx.h"

namespace uvic {

std::shared_ptr<const Dataset> open_dataset(const DataOptions& options) {
  check_usage(!options.path.empty(), "data.path is not set; it must be the folder of the data set");
  if (options.kind == "idx") return open_idx(options.path);
  usage_error("data.kind: unknown value '", options.kind, "'; it must be idx");
}

}  // namespace uvic
