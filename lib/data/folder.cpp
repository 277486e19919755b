#include "data/folder.h"

#include <algorithm>

#include <cstdio>

#include "core/errors.h"
#include "core/log.h"
#include "core/text.h"
#include "data/coco.h"
#include "data/decode.h"
#include "data/find_captions.h"
#include "data/image_headers.h"
#include "data/image_notes.h"
#include "data/listing.h"
#include "data/name_list.h"
#include "data/prepare.h"
#include "data/renumber.h"
#include "data/webdataset.h"
#include "io/digests.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

class FileDataset : public Dataset {
 public:
  FileDataset(std::shared_ptr<const FileSource> source, ImageListing listing, FoundCaptions captions,
              std::string sha256, const DataOptions& options, const ImageShape& shape)
      : source_(std::move(source)),
        listing_(std::move(listing)),
        captions_(std::move(captions)),
        sha256_(std::move(sha256)),
        options_(options),
        shape_(shape) {
    decode_.channels = int(shape[0]);
    decode_.max_pixels = options.max_pixels;
    if (options.crop_box.empty()) decode_.to_cover = most_covered(int(shape[2]), int(shape[1]));
    for (size_t c = 0; c < 3; ++c) {
      decode_.background[c] = static_cast<uint8_t>(options.background[c % options.background.size()]);
    }
  }
  int64_t size() const override { return int64_t(listing_.files.size()); }
  ImageShape image_shape() const override { return shape_; }
  int64_t num_classes() const override { return listing_.num_classes; }
  std::vector<std::string> class_names() const override { return listing_.class_names; }
  at::Tensor image(int64_t index) const override {
    return prepared(
        index, [&](const Pixels& image) { return prepare_centered(image, int(shape_[2]), int(shape_[1])); });
  }
  at::Tensor augmented(int64_t index, CounterRandom& random) const override {
    if (options_.crop == Crop::kCenter) return image(index);
    return prepared(index, [&](const Pixels& image) {
      return prepare_random(image, int(shape_[2]), int(shape_[1]), random);
    });
  }
  int64_t label(int64_t index) const override {
    return listing_.labels.empty() ? 0 : listing_.labels.at(size_t(index));
  }
  const Captions* captions() const override { return captions_.captions.get(); }
  std::string name(int64_t index) const override { return listing_.files.at(size_t(index)); }
  std::string describe() const override {
    const std::string classes = num_classes() == 0
                                    ? c10::str("no classes (", listing_.labels_from, ")")
                                    : c10::str(num_classes(), num_classes() == 1 ? " class" : " classes",
                                               some_names(), " from ", listing_.labels_from);
    return c10::str(count_of(uint64_t(size()), "image"), " prepared to ", shape_[0], "x", shape_[1], "x",
                    shape_[2], ", ", classes, captions_text(), ", ", source_->kind(), " ", source_->name());
  }
  DataIdentity identity() const override {
    return {size(), shape_, num_classes(), listing_.class_names, sha256_, images_per_class(*this), parts()};
  }

 private:
  std::map<std::string, std::string> parts() const {
    Sha256 names, labels;
    for (const std::string& file : listing_.files) names.add(file + '\n');
    for (const int64_t number : listing_.labels) labels.add(&number, sizeof number);
    std::map<std::string, std::string> parts = {{"names", names.hex()}, {"labels", labels.hex()}};
    if (captions_.captions) parts[kCaptionsPart] = captions_.captions->sha256();
    return parts;
  }
  template <class Prepare>
  at::Tensor prepared(int64_t index, const Prepare& prepare) const {
    const std::string& file = listing_.files.at(size_t(index));
    const std::string name = source_->full_name(file);
    return naming_shortage(name, [&] { return to_tensor(prepare(decode(source_->read(file).bytes, name))); });
  }
  Pixels decode(const std::vector<uint8_t>& bytes, const std::string& name) const {
    Pixels pixels = decode_image(bytes, name, decode_);
    const auto& box = options_.crop_box;
    if (!box.empty()) {
      pixels = cut(pixels, {box[0], box[1], box[2], box[3]});
      check_usage(!pixels.data.empty(), name, ": data.crop_box lies outside this image");
    }
    return pixels;
  }
  std::string some_names() const {
    const auto& names = listing_.class_names;
    if (names.empty()) return "";
    return " (" + list_or_ends(names) + ")";
  }

  std::string captions_text() const {
    if (!captions_.captions) return "";
    char each[32];
    std::snprintf(each, sizeof each, "%.1f", double(captions_.captions->total()) / double(size()));
    return c10::str(", captions from ", captions_.from, ", ", each, " an image");
  }

  std::shared_ptr<const FileSource> source_;
  ImageListing listing_;
  FoundCaptions captions_;
  std::string sha256_;  // of the listing
  DataOptions options_;
  ImageShape shape_;
  DecodeOptions decode_;
};

void report_others(const FileSource& source, const ImageListing& listing) {
  std::vector<std::string> kinds;
  for (const auto& [kind, count] : listing.others) kinds.push_back(c10::str(count, " ", kind));
  if (!kinds.empty()) log_info(source.name(), ": passed over files that are no images: ", join(kinds, ", "));
}

/// Takes the files that are no images out of the listing and the captions.
void drop(ImageListing& listing, FoundCaptions& captions, std::vector<ImageVerdict>& verdicts) {
  size_t kept = 0;
  std::vector<size_t> images;
  for (size_t i = 0; i < verdicts.size(); ++i) {
    if (!verdicts[i].problem.empty()) continue;
    images.push_back(i);
    listing.files[kept] = listing.files[i];
    if (!listing.labels.empty()) listing.labels[kept] = listing.labels[i];
    verdicts[kept++] = verdicts[i];
  }
  listing.files.resize(kept);
  if (!listing.labels.empty()) listing.labels.resize(kept);
  verdicts.resize(kept);
  if (captions.captions && kept < size_t(captions.captions->images()))
    captions.captions = std::make_shared<ListedCaptions>(captions.captions->of(images));
}

/// Checks every header, see open_files; returns the verdicts of the files that stay in the listing.
std::vector<ImageVerdict> check_headers(const FileSource& source, const ImageShape& shape,
                                        const fs::path& memory, int64_t max_pixels, BadFiles& bad,
                                        ImageListing& listing, FoundCaptions& captions) {
  auto verdicts = read_image_headers(source, listing.files, memory);
  refuse_too_large(verdicts, max_pixels);
  bad.found(source.name(), int64_t(listing.files.size()), problems_of(source, listing.files, verdicts));
  drop(listing, captions, verdicts);
  report_notes(source, listing.files, verdicts);
  const auto upsampled = std::count_if(verdicts.begin(), verdicts.end(), [&](const ImageVerdict& image) {
    return image.width < shape[2] || image.height < shape[1];
  });
  if (upsampled > 0) {
    log_info(source.name(), ": ", upsampled, " of ", verdicts.size(), " images are smaller than ", shape[2],
             "x", shape[1], " and are upsampled");
  }
  return verdicts;
}

std::string sha256_of(const ImageListing& listing, const std::vector<ImageVerdict>& verdicts) {
  Sha256 hash;
  for (size_t i = 0; i < listing.files.size(); ++i) {
    const std::string label = listing.labels.empty() ? "" : std::to_string(listing.labels[i]);
    hash.add(c10::str(listing.files[i], '\0', verdicts[i].bytes, '\0', label, '\n'));
  }
  return hash.hex();
}

}  // namespace

std::shared_ptr<const FileSource> open_source(const std::string& path, DataKind kind, bool held_out) {
  if (kind == DataKind::kZip) return open_zip_source(path);
  if (kind == DataKind::kWebdataset) return open_tar_source(path);
  return open_folder_source(kind == DataKind::kCoco ? coco_images(path, held_out) : fs::path(path));
}

std::shared_ptr<const Dataset> open_files(std::shared_ptr<const FileSource> source,
                                          const DataOptions& options, const ImageShape& shape,
                                          const fs::path& memory, BadFiles& bad, const Dataset* training) {
  check_usage(shape[0] == 1 || shape[0] == 3, "data.kind: ", options.kind,
              " gives images of 1 or 3 channels, but model.in_chans is ", shape[0]);
  const bool samples = options.kind == DataKind::kWebdataset;
  ImageListing listing = samples ? list_samples(*source) : list_images(*source);
  if (training != nullptr) number_as_training(source->name(), *training, listing);
  const auto survey = samples ? survey_sample_captions(*source, options.captions, listing)
                              : survey_captions(*source, options.captions, listing);
  FoundCaptions captions = settle_captions(survey, *source, listing);
  report_others(*source, listing);
  for (const std::string& warning : listing.warnings) log_warning(source->name(), ": ", warning);
  const auto verdicts = check_headers(*source, shape, memory, options.max_pixels, bad, listing, captions);
  std::string sha256 = sha256_of(listing, verdicts);
  return std::make_shared<FileDataset>(std::move(source), std::move(listing), std::move(captions),
                                       std::move(sha256), options, shape);
}

std::shared_ptr<const Dataset> open_folder(const std::string& path, const DataOptions& options,
                                           const ImageShape& shape) {
  BadFiles bad(options.on_error, "data.on_error: skip", bad_files_list({}));
  auto dataset = open_files(open_folder_source(path), options, shape, {}, bad);
  bad.tell();
  return dataset;
}

}  // namespace uvic
