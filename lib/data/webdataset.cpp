#include "data/webdataset.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <optional>

#include "core/errors.h"
#include "core/text.h"
#include "data/assign_labels.h"
#include "data/caption_files.h"
#include "io/json_text.h"

namespace uvic {
namespace {

/// Where the first dot of a file's last part is.
size_t first_dot(const std::string& file) {
  return std::min(file.find('.', file.rfind('/') + 1), file.size());
}

/// "a/0001" of "a/0001.seg.png", and "seg.png".
std::string key_of(const std::string& file) {
  return file.substr(0, first_dot(file));
}
std::string field_of(const std::string& file) {
  return lower_case(file.substr(std::min(first_dot(file) + 1, file.size())));
}

/// The captions of a key, read from its .txt or else its .json; none if there is neither, or none in it.
std::vector<std::string> captions_of_key(const FileSource& tars, const std::string& key) {
  const std::string text = key + ".txt", json = key + ".json";
  if (tars.holds(text)) return caption_lines(tars.text(text), tars.full_name(text));
  if (!tars.holds(json)) return {};
  const std::string name = tars.full_name(json);
  const auto object = parse_json(tars.text(json), name);
  check_usage(object.is_object(), name, ": must be an object; it is ", json_kind(object));
  return captions_in(object, name);
}

/// Read in threads; one an image.
std::vector<std::vector<std::string>> read_captions(const FileSource& tars, const ImageListing& listing) {
  std::vector<std::vector<std::string>> captions(listing.files.size());
  at::parallel_for(0, int64_t(captions.size()), 256, [&](int64_t begin, int64_t end) {
    for (auto i = size_t(begin); i < size_t(end); ++i)
      captions[i] = captions_of_key(tars, key_of(listing.files[i]));
  });
  return captions;
}

/// The .txt files whose key has no image.
std::vector<NamedFile> orphans(const FileSource& tars, const ImageListing& listing) {
  std::vector<NamedFile> orphans;
  for (const std::string& file : tars.files()) {
    if (field_of(file) != "txt") continue;
    const std::string key = key_of(file);
    const auto image = std::lower_bound(listing.files.begin(), listing.files.end(), key + '.');
    const bool found = image != listing.files.end() && image->starts_with(key + '.');
    if (!found) orphans.push_back({key, tars.full_name(file)});
  }
  return orphans;
}

}  // namespace

ImageListing list_samples(const FileSource& tars) {
  ImageListing listing;
  LabelEntries labels;
  for (const std::string& file : tars.files()) {
    const std::string key = key_of(file), field = field_of(file);
    if (is_image_name("x." + field) && field.find('.') == std::string::npos) {
      check_usage(listing.files.empty() || key_of(listing.files.back()) != key, tars.full_name(file),
                  ": the key ", key, " has another image, ",
                  listing.files.empty() ? "" : listing.files.back(), "; a sample has one");
      listing.files.push_back(file);
    } else if (field != "cls" && field != "txt" && field != "json") {
      ++listing.others[field.empty() ? "no extension" : field];
    }
  }
  check_usage(!listing.files.empty(), tars.name(), ": no images in it (KEY.ENDING, where ENDING is one of ",
              image_endings(), ")");
  std::string a_label;
  for (const std::string& file : listing.files) {
    const std::string label = key_of(file) + ".cls";
    if (!tars.holds(label)) continue;
    if (a_label.empty()) a_label = label;
    const std::string text = trimmed(tars.text(label));
    check_usage(!text.empty(), tars.full_name(label), ": is empty; it must hold a class");
    add_label(labels, file, text, tars.full_name(label));
  }
  listing.labels_from = a_label.empty() ? "no .cls files" : ".cls files";
  if (!a_label.empty()) assign_labels(labels, tars, a_label, listing);
  return listing;
}

std::optional<CaptionSurvey> survey_sample_captions(const FileSource& tars, const std::string& which,
                                                    ImageListing& listing) {
  check_usage(which != kCaptionsBeside, "data.captions: ", kCaptionsBeside,
              " is of folders and ZIP archives; auto finds those of webdataset tars");
  if (which != kAutoCaptions) return survey_captions(tars, which, listing);
  const auto captions = read_captions(tars, listing);
  CaptionSurvey survey{.from = "the tars", .name = tars.name(), .match = {orphans(tars, listing), {}}};
  for (size_t i = 0; i < captions.size(); ++i) {
    const std::string& file = listing.files[i];
    if (captions[i].empty()) {
      survey.match.without.push_back(file);
    } else {
      survey.entries[listed_name(file)] = {captions[i], tars.full_name(file)};
    }
  }
  if (2 * survey.entries.size() <= captions.size()) return std::nullopt;
  return survey;
}

}  // namespace uvic
