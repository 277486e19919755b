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
  if (source.is_archive()) return {};
  const fs::path folder = fs::absolute(source.name()).lexically_normal() / "";
  const fs::path file = folder.parent_path().parent_path() / "annotations" /
                        ("captions_" + folder.parent_path().filename().string() + ".json");
  std::error_code ignored;
  return fs::exists(file, ignored) ? file : fs::path();
}

CaptionSurvey surveyed(CaptionEntries entries, std::string from, std::string name,
                       const ImageListing& listing) {
  CaptionSurvey survey{.entries = std::move(entries), .from = std::move(from), .name = std::move(name)};
  survey.match = match_files(survey.entries, listing);
  return survey;
}

CaptionSurvey from_source(const FileSource& source, const std::string& file, ImageListing& listing) {
  no_longer_among(listing, ending_of(file), 1);
  const std::string name = source.full_name(file);
  return surveyed(parse(source.text(file), name), file, name, listing);
}

CaptionSurvey from_disk(const fs::path& file, const ImageListing& listing) {
  return surveyed(parse(read_text(file), file.string()), file.filename().string(), file.string(), listing);
}

std::string stem_of(const std::string& file) {
  return normalised(file.substr(0, file.size() - fs::path(file).extension().string().size()));
}

/// The .txt files of a source by the stems of their names.
std::map<std::string, std::string> texts_of(const FileSource& source) {
  std::map<std::string, std::string> texts;
  for (const std::string& file : source.files()) {
    if (ending_of(file) == "txt") texts.try_emplace(stem_of(file), file);
  }
  return texts;
}

int64_t images_with(const std::map<std::string, std::string>& texts, const ImageListing& listing) {
  return texts.empty()
             ? 0
             : std::count_if(listing.files.begin(), listing.files.end(),
                             [&](const std::string& file) { return texts.contains(stem_of(file)); });
}

CaptionSurvey beside(const FileSource& source, std::map<std::string, std::string> texts,
                     ImageListing& listing) {
  CaptionSurvey survey{.from = "the .txt beside each image",
                       .name = source.name(),
                       .strict = false,
                       .hint = ": no .txt beside it"};
  std::vector<std::pair<std::string, std::string>> pairs;  // an image and its .txt
  for (const std::string& file : listing.files) {
    const auto text = texts.find(stem_of(file));
    if (text == texts.end()) {
      survey.match.without.push_back(file);
    } else {
      pairs.emplace_back(file, text->second);
    }
  }
  std::vector<std::string> bytes(pairs.size());
  at::parallel_for(0, int64_t(pairs.size()), 256, [&](int64_t begin, int64_t end) {
    for (auto i = size_t(begin); i < size_t(end); ++i) bytes[i] = source.text(pairs[i].second);
  });
  for (size_t i = 0; i < pairs.size(); ++i) {
    const std::string name = source.full_name(pairs[i].second);
    survey.entries[listed_name(pairs[i].first)] = {caption_lines(bytes[i], name), name};
    texts.erase(stem_of(pairs[i].first));
  }
  no_longer_among(listing, "txt", int64_t(pairs.size()));
  for (const auto& [stem, file] : texts) survey.match.absent.push_back({file, source.full_name(file)});
  return survey;
}

std::optional<CaptionSurvey> find(const FileSource& source, ImageListing& listing) {
  if (source.holds(kMetadata)) return from_source(source, kMetadata, listing);
  std::vector<std::string> coco;
  std::copy_if(source.files().begin(), source.files().end(), std::back_inserter(coco), is_coco_name);
  check_usage(coco.size() < 2, source.name(), ": holds several files of captions (", join(coco, ", "),
              "); data.captions says which, or none");
  if (!coco.empty()) return from_source(source, coco[0], listing);
  const fs::path annotations = annotations_of(source);
  if (!annotations.empty()) return from_disk(annotations, listing);
  auto texts = texts_of(source);
  if (2 * images_with(texts, listing) <= int64_t(listing.files.size())) return std::nullopt;
  return beside(source, std::move(texts), listing);
}

}  // namespace

std::optional<CaptionSurvey> survey_captions(const FileSource& source, const std::string& which,
                                             ImageListing& listing) {
  if (which == kNoCaptions) return std::nullopt;
  if (which == kAutoCaptions) return find(source, listing);
  return which == kCaptionsBeside ? beside(source, texts_of(source), listing) : from_disk(which, listing);
}

FoundCaptions settle_captions(const std::optional<CaptionSurvey>& survey, const FileSource& source,
                              const ImageListing& listing) {
  if (!survey) return {};
  FileMatch match = survey->match;
  if (!survey->strict && !match.absent.empty()) {
    log_warning(survey->name, ": ", count_of(match.absent.size(), "caption"),
                " without an image beside: ", match.absent[0].file, match.absent.size() > 1 ? " ..." : "");
    match.absent.clear();
  }
  check_match(match, kCaption, source, survey->name, listing,
              survey->hint + "; data.captions: none trains without captions");
  auto captions = std::make_shared<ListedCaptions>();
  for (const std::string& file : listing.files) captions->add(survey->entries.at(listed_name(file)).said);
  if (captions->empty() > 0)
    log_warning(survey->name, ": ", captions->empty(), " of ",
                count_of(uint64_t(captions->total()), "caption"), captions->empty() == 1 ? " is" : " are",
                " empty: such images are shown without a condition");
  return {std::move(captions), survey->from};
}

}  // namespace uvic
