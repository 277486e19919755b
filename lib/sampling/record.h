// What a PNG says about its own making: the `parameters` record.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "recipe/sample_options.h"
#include "sampling/prompts.h"

namespace uvic {

/// Everything that decides the bytes of a picture besides the build.
struct RecordInputs {
  std::filesystem::path checkpoint;  ///< as given on the command line
  std::string weights;               ///< "ema", "raw", ...
  uint32_t weights_crc = 0;          ///< CRC-32 of the weights file found there
  std::string seeds;                 ///< "0-99"
  Prompts prompts;                   ///< of the seeds; empty where the model knows no text
  std::string labels;                ///< a policy of choose_labels, or empty where the layout says
  std::string layout;                ///< "--grid 10x10", "--grid 10x10 --class-per-row", or empty
  SampleOptions sample;              ///< SamplingPlan's, nothing left to "auto"
  int64_t evaluations = 0;
  std::vector<std::string>
      overrides;  ///< key=value of other keys that differ from the checkpoint's own config
  int threads = 0;
  std::string device;
};

/// JSON in ASCII: `command` (a uvic-sample command line that makes the picture again, but for its --out),
/// `prompts` if there are any, `evaluations` of the network an image, `weights_crc32`, `version`.
std::string sample_record(const RecordInputs& inputs);

/// A record without what moves an image by at most its last bits: path of the weights, batch size, threads,
/// device.
std::string comparable_record(std::string record);

/// The prompts that a record names.
std::vector<std::string> prompts_in(const std::string& record);

/// `text` quoted for a POSIX shell where it needs to be.
std::string shell_quote(const std::string& text);

}  // namespace uvic
