// What a PNG says about its own making: the `parameters` record.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "recipe/sample_options.h"
#include "sampling/prompts.h"

namespace uvic {

/// Everything that decides the bytes of a picture besides the build.
struct RecordInputs {
  std::filesystem::path checkpoint = {};    ///< as given on the command line
  std::string weights = {};                 ///< "ema", "raw", ...
  std::filesystem::path weights_file = {};  ///< found there
  uint32_t weights_crc = 0;                 ///< its CRC-32
  std::string weights_sha256 = {};          ///< and its SHA-256; empty: there is no such file
  std::string tensors_sha256 = {};          ///< see weights_digest; empty: not known
  /// Digests of what else is read, by the option or the key that names it.
  std::map<std::string, std::string> inputs = {};
  std::string seeds = {};   ///< "0-99"; empty: `edits` say which
  Prompts prompts = {};     ///< of the seeds; empty where the model knows no text
  std::string labels = {};  ///< a policy of choose_labels, or empty where the layout says
  std::string layout = {};  ///< "--grid 10x10", "--grid 10x10 --class-per-row", or empty
  std::string edits = {};   ///< "--init-image a.png --strength 0.5", or empty: also of one image alone
  std::optional<int64_t> frame = {};  ///< this image alone out of those that the command makes, from 0
  std::optional<int64_t> step = {};   ///< not the end, but the state after so many steps
  SampleOptions sample = {};          ///< SamplingPlan's, nothing left to "auto"
  int64_t evaluations = 0;
  std::vector<std::string> overrides =
      {};  ///< key=value of other keys that differ from the checkpoint's own config
  int threads = 0;
  std::string device = {};
};

/// JSON in ASCII: `command` (a uvic-sample command line that makes the picture again, but for its --out),
/// `frame` or `step` where the picture is a part of that, `prompts` if there are any, `evaluations` of the
/// network an image, `weights_crc32`, `weights_sha256`, `weights_file`, `inputs`, `version`, `libtorch`,
/// `cpu`.
std::string sample_record(const RecordInputs& inputs);

/// A record without what moves an image by at most its last bits: path of the weights, batch size, threads,
/// device, LibTorch, CPU; and without what older records do not say.
std::string comparable_record(const std::string& record);

/// What a record says of a picture, apart from its command line.
struct RecordFacts {
  std::string command;
  std::optional<int64_t> frame = {}, step = {};
  std::string checkpoint = {}, weights_file = {}, weights_sha256 = {}, tensors_sha256 = {};
  /// All of it, also threads and device of the command, and inputs: "cpu" -> "AVX512".
  std::map<std::string, std::string> facts = {};
};
/// UsageError, `name` first, if `record` is not what sample_record writes.
RecordFacts read_record(const std::string& record, const std::string& name);

/// The prompts that a record names.
std::vector<std::string> prompts_in(const std::string& record);

/// `text` quoted for a POSIX shell where it needs to be.
std::string shell_quote(const std::string& text);

/// The words of a command of quoted ones. UsageError, `name` first, for what shell_quote does not write.
std::vector<std::string> shell_words(const std::string& command, const std::string& name);

}  // namespace uvic
