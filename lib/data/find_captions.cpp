#include "data/find_captions.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "core/errors.h"
#include "core/log.h"
#include "core/text.h"
#include "data/caption_files.h"
#include "io/content_kind.h"
#include "io/unicode.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

constexpr auto kMetadata = "metadata.jsonl";
constexpr auto kHint = "; data.captions: none trains without captions";

bool is_coco_name(const std::string& file) {
  return file.starts_with("captions_") && file.ends_with(".json") && file.find('/') == std::string::npos;
}

void no_longer_among(ImageListing& listing, const std::string& kind, int64_t files) {
  const auto other = listing.others.find(kind);
  if (other != listing.others.end() && (other->second -= files) <= 0) listing.others.erase(other);
}

CaptionEntries parse(const std::string& text, const std::string& name) {
  const std::string ending = ending_of(name);
  check_usage(
      ending == "jsonl" || ending == "ndjson" || ending == "json", name,
      ": captions are read from .jsonl (an object an image and line) or .json (COCO's); data.captions: "
      "beside reads a .txt beside each image");
  return ending == "json" ? parse_coco_captions(text, name) : parse_metadata_jsonl(text, name);
}

/// Where COCO has the captions of a folder; empty: not there.
fs::path annotations_of(const FileSource& source) {
  if (source.path_of("").empty()) return {};
  const fs::path folder = fs::absolute(source.name()).lexically_normal() / "";
  const fs::path file = folder.parent_path().parent_path() / "annotations" /
                        ("captions_" + folder.parent_path().filename().string() + ".json");
  std::error_code ignored;
  return fs::exists(file, ignored) ? file : fs::path();
}

FoundCaptions from_source(const FileSource& source, const std::string& file, ImageListing& listing) {
  no_longer_among(listing, ending_of(file), 1);
  auto found =
      captions_of(parse(source.text(file), source.full_name(file)), source, source.full_name(file), listing);
  found.from = file;
  return found;
}

FoundCaptions from_disk(const fs::path& file, const FileSource& source, const ImageListing& listing) {
  return captions_of(parse(read_text(file), file.string()), source, file.string(), listing);
}

/// The .txt beside each image, empty where there is none.
struct Beside {
  std::vector<std::string> texts;
  size_t found = 0;
};

std::string stem_of(const std::string& file) {
  return normalised(file.substr(0, file.size() - fs::path(file).extension().string().size()));
}

Beside find_beside(const FileSource& source, ImageListing& listing, std::vector<std::string>& orphans) {
  std::map<std::string, std::pair<std::string, bool>>
      texts;  // by stem: the file, and whether it has an image
  for (const std::string& file : source.files()) {
    if (ending_of(file) == "txt") texts.try_emplace(stem_of(file), file, false);
  }
  Beside beside;
  if (texts.empty()) return beside;
  for (const std::string& file : listing.files) {
    const auto text = texts.find(stem_of(file));
    beside.texts.push_back(text == texts.end() ? "" : text->second.first);
    if (text == texts.end()) continue;
    text->second.second = true;
    ++beside.found;
  }
  for (const auto& [stem, text] : texts) {
    if (!text.second) orphans.push_back(text.first);
  }
  return beside;
}

FoundCaptions read_beside(const FileSource& source, const Beside& beside, ImageListing& listing) {
  std::vector<std::string> without;
  for (size_t i = 0; i < listing.files.size(); ++i) {
    if (beside.texts.empty() || beside.texts[i].empty()) without.push_back(listing.files[i]);
  }
  refuse_without(without, kCaption, source.name(), c10::str(": no .txt beside it", kHint));
  std::vector<std::string> texts(listing.files.size());
  at::parallel_for(0, int64_t(texts.size()), 256, [&](int64_t begin, int64_t end) {
    for (auto i = size_t(begin); i < size_t(end); ++i) texts[i] = source.text(beside.texts[i]);
  });
  CaptionEntries entries;
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string name = source.full_name(beside.texts[i]);
    entries[listed_name(listing.files[i])] = {caption_lines(texts[i], name), name};
  }
  no_longer_among(listing, "txt", int64_t(texts.size()));
  auto found = captions_of(entries, source, source.name(), listing);
  found.from = "the .txt beside each image";
  return found;
}

FoundCaptions find(const FileSource& source, ImageListing& listing) {
  if (source.holds(kMetadata)) return from_source(source, kMetadata, listing);
  std::vector<std::string> coco;
  std::copy_if(source.files().begin(), source.files().end(), std::back_inserter(coco), is_coco_name);
  check_usage(coco.size() < 2, source.name(), ": holds several files of captions (", join(coco, ", "),
              "); data.captions says which, or none");
  if (!coco.empty()) return from_source(source, coco[0], listing);
  const fs::path annotations = annotations_of(source);
  if (!annotations.empty()) return from_disk(annotations, source, listing);
  std::vector<std::string> orphans;
  const Beside beside = find_beside(source, listing, orphans);
  if (2 * beside.found <= listing.files.size()) return {};
  if (!orphans.empty())
    log_warning(source.name(), ": ", count_of(orphans.size(), "caption"),
                " without an image beside: ", orphans[0], orphans.size() > 1 ? " ..." : "");
  return read_beside(source, beside, listing);
}

}  // namespace

FoundCaptions captions_of(const CaptionEntries& entries, const FileSource& source, const std::string& from,
                          const ImageListing& listing) {
  check_files(entries, kCaption, source, from, listing, kHint);
  auto captions = std::make_shared<ListedCaptions>();
  for (const std::string& file : listing.files) captions->add(entries.at(listed_name(file)).said);
  if (captions->empty() > 0)
    log_warning(from, ": ", captions->empty(), " of ", count_of(uint64_t(captions->total()), "caption"),
                captions->empty() == 1 ? " is" : " are", " empty: such images are shown without a condition");
  return {std::move(captions), fs::path(from).filename().string()};
}

FoundCaptions find_captions(const FileSource& source, const std::string& which, ImageListing& listing) {
  if (which == kNoCaptions) return {};
  if (which == kAutoCaptions) return find(source, listing);
  if (which != kCaptionsBeside) return from_disk(which, source, listing);
  std::vector<std::string> orphans;
  const Beside beside = find_beside(source, listing, orphans);
  return read_beside(source, beside, listing);
}

}  // namespace uvic
