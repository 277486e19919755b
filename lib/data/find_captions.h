// Which captions the images of a folder or an archive have.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "data/listed_captions.h"
#include "data/match_files.h"

namespace uvic {

/// Values of data.captions beside the name of a file.
inline constexpr auto kAutoCaptions = "auto", kNoCaptions = "none", kCaptionsBeside = "beside";

struct FoundCaptions {
  std::shared_ptr<const ListedCaptions> captions;  ///< in the order of the listing; null: there are none
  std::string from;                                ///< "metadata.jsonl"
};

/// Captions and what is wrong with them.
struct CaptionSurvey {
  CaptionEntries entries = {};
  std::string from = {}, name = {};  ///< "metadata.jsonl"; for messages, "photos/metadata.jsonl"
  FileMatch match = {};
  bool strict = true;     ///< whether captions without an image are an error
  std::string hint = {};  ///< of an image without a caption
};

/// The captions of listing.files. `which`: "none"; a file, .jsonl (parse_metadata_jsonl) or .json
/// (parse_coco_captions); "beside": a .txt beside each image (a/b.txt for a/b.png), a caption a line; or
/// "auto", the first that is there of `metadata.jsonl`; one `captions_*.json`; of a folder x,
/// `../annotations/captions_x.json`, as COCO lies; a .txt beside more than half of the images. What is read
/// is no longer among listing.others. nullopt: there are none. UsageError: what the parsers refuse.
std::optional<CaptionSurvey> survey_captions(const FileSource& source, const std::string& which,
                                             ImageListing& listing);

/// The captions of `survey` in the order of the listing. Warns of empty ones and, unless the survey is
/// strict, of those without an image. UsageError, a line each: an image without a caption, a caption without
/// its image (and which is likely meant).
FoundCaptions settle_captions(const std::optional<CaptionSurvey>& survey, const FileSource& source,
                              const ImageListing& listing);

}  // namespace uvic
