// The files that may hold the captions of images.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/match_files.h"

namespace uvic {

/// A JSON object a line, as Hugging Face's imagefolder: "file_name" (or "file", "image"), and "text" (or
/// "caption", "captions", "prompt": the first of them that is there), a text or a list of texts. An image of
/// several lines has the captions of all. `text`: the file's; `name`: for messages. UsageError: not JSON,
/// with line and column; a line without a name or captions.
CaptionEntries parse_metadata_jsonl(const std::string& text, const std::string& name);

/// COCO's captions_*.json: {"images": [{"id", "file_name"}, ...], "annotations": [{"image_id", "caption"},
/// ...]}. UsageError: not that, or a caption of an image that is not among "images".
CaptionEntries parse_coco_captions(const std::string& text, const std::string& name);

/// The captions in a .txt, a line each; what is blank is passed over, and a file without any other is one
/// empty caption. UsageError: not UTF-8, with its line.
std::vector<std::string> caption_lines(const std::string& text, const std::string& name);

/// The captions of an object that describes an image, see parse_metadata_jsonl; none if it has no such key.
/// UsageError, `where` first, for what is no text.
std::vector<std::string> captions_in(const nlohmann::ordered_json& object, const std::string& where);

}  // namespace uvic
