// Which captions the images of a folder or an archive have.
#pragma once
#include <memory>
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

/// The captions of listing.files. `which`: "none"; a file, .jsonl (parse_metadata_jsonl) or .json
/// (parse_coco_captions); "beside": a .txt beside each image (a/b.txt for a/b.png), a caption a line; or
/// "auto", the first that is there of `metadata.jsonl`; one `captions_*.json`; of a folder x,
/// `../annotations/captions_x.json`, as COCO lies; a .txt beside more than half of the images. What is read
/// is no longer among listing.others. Warns of empty captions and of a .txt without an image. UsageError, a
/// line each: an image without a caption, a caption without its image (and which is likely meant), what the
/// parsers refuse.
FoundCaptions find_captions(const FileSource& source, const std::string& which, ImageListing& listing);

/// `entries` in the order of the listing; checks and warns as find_captions. `from`: the file with them.
FoundCaptions captions_of(const CaptionEntries& entries, const FileSource& source, const std::string& from,
                          const ImageListing& listing);

}  // namespace uvic
