// The samples of webdataset tars: files of one key, the name up to the first dot, belong together: 0001.jpg,
// 0001.txt, 0001.json, 0001.cls.
#pragma once
#include "data/find_captions.h"
#include "data/listing.h"

namespace uvic {

/// The images with, as their classes, what their .cls files say (numbers or names, as list_images; without
/// any .cls there are no classes). UsageError: no images, two images of one key, an image without a .cls
/// where others have one.
ImageListing list_samples(const FileSource& tars);

/// Their captions: the .txt (a caption a line) or else, in the .json, what parse_metadata_jsonl takes a
/// caption from. `which` "auto": if more than half of the images have one; "none" and a file as
/// survey_captions. UsageError: what the parsers refuse.
std::optional<CaptionSurvey> survey_sample_captions(const FileSource& tars, const std::string& which,
                                                    ImageListing& listing);

}  // namespace uvic
