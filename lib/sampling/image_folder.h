// A folder of images named by seed that may hold some already.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "sampling/record.h"

namespace uvic {

/// What is asked for, by seeds.
struct Asked {
  std::map<int64_t, int64_t> labels = {};
  std::map<int64_t, std::string> prompts = {};
};

/// UsageError, `option` first, if `folder` holds an image whose record is not `expected`, but for what
/// comparable_record leaves out: by its number, and what its record says. `except`: an own picture that is
/// written there too, with what begins like it.
void check_image_folder(const std::string& option, const std::filesystem::path& folder,
                        const std::function<std::string(int64_t number, const std::string& made)>& expected,
                        const std::filesystem::path& except = {});

/// The same of images of `record`: UsageError, `option` first, if `folder` holds an image that `record` did
/// not make, but for its seed, label and prompt: a set would be of two settings. Where a seed is among those
/// asked for, also if these are others.
void check_image_folder(const std::string& option, const std::filesystem::path& folder,
                        const RecordInputs& record, const Asked& asked = {},
                        const std::filesystem::path& except = {});

}  // namespace uvic
