// COCO as it is unpacked: ROOT/train2017/, ROOT/val2017/, ROOT/annotations/captions_train2017.json.
#pragma once
#include <filesystem>

namespace uvic {

/// The folder of the images, of which survey_captions knows where the captions lie: ROOT/train20xx of the
/// only such year, or val20xx of those held out. `path` itself if it is such a folder already. UsageError:
/// neither, or several years.
std::filesystem::path coco_images(const std::filesystem::path& path, bool held_out);

}  // namespace uvic
