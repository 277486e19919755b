// A folder of images named by seed that may hold some already.
#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "sampling/record.h"

namespace uvic {

/// UsageError, `option` first, if `folder` holds an image that `record` did not make, but for its seed and
/// label: a set would be of two settings. Where a seed is among `labels`, also if its label is another.
/// `except`: an own picture that is written there too, with what begins like it.
void check_image_folder(const std::string& option, const std::filesystem::path& folder,
                        const RecordInputs& record, const std::map<int64_t, int64_t>& labels = {},
                        const std::filesystem::path& except = {});

}  // namespace uvic
