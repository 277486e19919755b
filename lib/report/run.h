// What a run directory says of itself, while the run goes on or after it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/identity.h"
#include "recipe/class_names.h"
#include "report/metrics_file.h"
#include "report/settings.h"

namespace uvic {

/// A file of RUN/samples: a grid (.png) or texts (.txt).
struct StepFile {
  int64_t step = 0;
  std::filesystem::path file;
};

struct RunFacts {
  std::filesystem::path path;
  Settings settings = {};
  RunMetrics metrics = {};
  std::vector<StepFile> grids = {}, texts = {};  ///< by step; only whole PNGs
  std::filesystem::path checkpoint = {};         ///< the newest, or empty
  int64_t checkpoint_step = 0;
  double checkpoint_bytes = 0;
  int64_t parameters = 0;  ///< 0: there is no checkpoint yet
  std::map<std::string, std::string> record =
      {};  ///< what that says of where it was made: `uvic.threads` ...
  ClassNames classes = {};
  std::optional<DataIdentity> data = {}, held_out = {};  ///< of images
  std::string tokens = {}, held_out_tokens = {};         ///< of a language model: what is said of them

  std::string name() const;
  int64_t steps() const;  ///< of the configuration; 0 if it does not say
  bool finished() const { return checkpoint_step > 0 && checkpoint_step >= steps(); }
  bool language() const { return of_language(settings); }
};

/// Reads it all but the pictures. UsageError where `run` is no run directory, or as read_settings and
/// read_metrics; a checkpoint that cannot be read is passed over, as the run itself goes on without it.
RunFacts read_run(const std::filesystem::path& run);

}  // namespace uvic
