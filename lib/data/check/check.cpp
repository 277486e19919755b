#include "data/check/check.h"

#include "core/errors.h"
#include "core/text.h"
#include "data/check/findings.h"
#include "data/folder.h"
#include "data/open.h"
#include "data/pack/file.h"
#include "data/webdataset.h"

namespace uvic {
namespace {

using Items = std::vector<std::string>;

constexpr auto kStops = "training stops at the start";

/// `read()`; where it throws, that is a finding, and `instead()` goes on.
template <class Read, class Instead>
auto or_finding(const std::string& key, CheckReport& report, const Read& read, const Instead& instead) {
  try {
    return read();
  } catch (const UsageError& error) {
    report.findings.push_back({key, error.what(), kStops});
    return instead();
  }
}

void add_mismatch(const CaptionSurvey& survey, CheckReport& report) {
  Items absent;
  for (const auto& [file, where] : survey.match.absent) absent.push_back(where + ": " + file);
  const std::string orphans = count_of(absent.size(), "caption") + " without an image";
  if (!absent.empty())
    report.findings.push_back({"captions_without_images", orphans,
                               survey.strict ? kStops : "training leaves them out", std::move(absent)});
  const Items& without = survey.match.without;
  if (!without.empty())
    report.findings.push_back(
        {"images_without_captions", count_of(without.size(), "image") + " without a caption",
         "training of a model that reads captions stops at the start; data.captions: none "
         "trains without any",
         without});
}

void check_captions(const FileSource& source, const CheckOptions& options, ImageListing& listing,
                    CheckReport& report) {
  const auto survey = or_finding(
      "captions", report,
      [&] {
        return options.data.kind == DataKind::kWebdataset
                   ? survey_sample_captions(source, options.data.captions, listing)
                   : survey_captions(source, options.data.captions, listing);
      },
      [] { return std::optional<CaptionSurvey>(); });
  if (!survey) return;
  int64_t captions = 0;
  Items empty;
  for (const auto& [file, entry] : survey->entries) {
    captions += int64_t(entry.said.size());
    for (const std::string& text : entry.said) {
      if (text.empty()) empty.push_back(file);
    }
  }
  const auto count = int64_t(empty.size());
  add_captions(captions, count, empty, int64_t(listing.files.size()), survey->from, report);
  add_mismatch(*survey, report);
}

CheckReport check_files(const CheckOptions& options, const std::function<void(int64_t, int64_t)>& progress) {
  const auto source = open_source(options.data.path, options.data.kind);
  CheckReport report{.name = source->name(), .kind = source->kind()};
  ImageListing listing = or_finding(
      "labels", report,
      [&] {
        return options.data.kind == DataKind::kWebdataset ? list_samples(*source) : list_images(*source);
      },
      [&] {
        ImageListing unlabelled = list_image_files(*source);
        unlabelled.labels_from = "their labels cannot be read";
        return unlabelled;
      });
  report.images = int64_t(listing.files.size());
  report.facts.emplace_back("images", std::to_string(report.images));
  add_classes(listing.labels, listing.num_classes, listing.class_names, listing.labels_from, report);
  check_captions(*source, options, listing, report);
  Items others;
  for (const auto& [kind, count] : listing.others) others.push_back(kind + " " + std::to_string(count));
  if (!others.empty()) report.facts.emplace_back("other files", join(others, ", ") + ": passed over");
  for (const std::string& warning : listing.warnings) report.findings.push_back({"warning", warning, ""});
  const auto looks = look_at_files(*source, listing.files, options.data.max_pixels, options.data.workers,
                                   [&](int64_t done) { progress(done, report.images); });
  add_unreadable(looks, /*stored=*/false, report);
  add_sizes(looks, options.image_size, report);
  add_colours(looks, report);
  add_duplicates(looks, listing.labels, report);
  return report;
}

/// Adds what images were called before they were packed.
void name_as_packed(const std::string& path, std::vector<ImageLook>& looks) {
  const PackFile pack(path);
  for (size_t i = 0; i < looks.size(); ++i) {
    const auto name = pack.name_of(int64_t(i));
    if (!name.empty()) looks[i].name += c10::str(" (", name, ")");
  }
}

CheckReport check_dataset(const CheckOptions& options,
                          const std::function<void(int64_t, int64_t)>& progress) {
  const auto dataset = open_data(options.data, {}).train;
  CheckReport report{.name = options.data.path, .kind = options.data.kind.name(), .images = dataset->size()};
  report.facts.emplace_back("images", std::to_string(report.images));
  if (dataset->latents()) report.facts.emplace_back("latents", dataset->describe());
  std::vector<int64_t> labels;
  for (int64_t i = 0; dataset->num_classes() > 0 && i < dataset->size(); ++i)
    labels.push_back(dataset->label(i));
  add_classes(labels, dataset->num_classes(), dataset->class_names(), "", report);
  auto looks =
      look_at_dataset(*dataset, options.data.workers, [&](int64_t done) { progress(done, report.images); });
  if (options.data.kind == DataKind::kPack) name_as_packed(options.data.path, looks);
  add_unreadable(looks, /*stored=*/true, report);
  add_sizes(looks, options.image_size, report);
  add_colours(looks, report);
  add_duplicates(looks, labels, report);
  if (const Captions* captions = dataset->captions()) {
    int64_t count = 0;
    Items empty, damaged;
    for (int64_t i = 0; i < dataset->size(); ++i) {
      try {
        const int64_t of_image = captions->count(i);
        count += of_image;
        for (int64_t k = 0; k < of_image; ++k) {
          if (captions->text(i, k).empty()) empty.push_back(looks[size_t(i)].name);
        }
      } catch (const UsageError& error) {
        damaged.emplace_back(error.what());
      }
    }
    add_captions(count, int64_t(empty.size()), empty, dataset->size(), "", report);
    if (!damaged.empty())
      report.findings.push_back({"damaged_captions",
                                 "the captions of " + count_of(damaged.size(), "image") + " cannot be read",
                                 "training stops where it comes to one; make the set anew", damaged});
  }
  return report;
}

}  // namespace

CheckReport check_set(const CheckOptions& options, const std::function<void(int64_t, int64_t)>& progress) {
  return is_of_files(options.data.kind) ? check_files(options, progress) : check_dataset(options, progress);
}

}  // namespace uvic
