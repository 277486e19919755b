#pragma once
#include <array>
#include <string>
#include <vector>

#include "core/options.h"

namespace uvic {

enum class DataKind { kIdx, kCifar10, kCifar100, kFolder, kZip, kWebdataset, kCoco, kPack, kLatents };
template <>
inline constexpr std::array kNamesOf<DataKind> = {"idx",        "cifar10", "cifar100", "folder", "zip",
                                                  "webdataset", "coco",    "pack",     "latents"};
/// Whether sets of that kind are files of images, of any sizes: folder, zip, webdataset, coco.
bool is_of_files(DataKind kind);
enum class Crop { kCenter, kRandom };
template <>
inline constexpr std::array kNamesOf<Crop> = {"center", "random"};
/// Whether each image is mirrored with probability 1/2; auto: not where a mirrored image may be of another
/// class (idx: digits and letters), nor where no latents of mirrored images are kept.
enum class RandomFlip { kAuto, kTrue, kFalse };
template <>
inline constexpr std::array kNamesOf<RandomFlip> = {"auto", "true", "false"};
enum class OnError { kFail, kSkip };
template <>
inline constexpr std::array kNamesOf<OnError> = {"fail", "skip"};
enum class CacheUse { kAuto, kAlways, kNever };
template <>
inline constexpr std::array kNamesOf<CacheUse> = {"auto", "always", "never"};

/// Where Pillow, too, suspects a decompression bomb: half a GiB as RGB.
constexpr int64_t kMaxPixels = 178'956'970;

struct DataOptions {
  Choice<DataKind> kind = DataKind::kIdx;
  std::string path = {}, val_path = {};
  std::string captions = "auto";
  double val_fraction = 0;
  Choice<RandomFlip> random_flip = RandomFlip::kAuto;
  Choice<Crop> crop = Crop::kCenter;
  std::vector<int64_t> crop_box = {};
  std::vector<int64_t> background = {255, 255, 255};
  int64_t max_pixels = kMaxPixels;
  Choice<OnError> on_error = OnError::kFail;
  Choice<CacheUse> cache = CacheUse::kAuto;
  int64_t workers = 2;

  void visit(FieldList& fields) {
    fields("kind", kind,
           "format of the data set: idx (the MNIST family, .gz or not), cifar10 or cifar100 (the binary "
           "version), a folder of images, a zip of images, webdataset (tars of images with their .txt, .json "
           "and .cls), coco (its folder, with train2017/ and annotations/), a pack of uvic-data, or latents "
           "(LightningDiT's safetensors shards)");
    fields("path", path,
           "folder of the data set, the .zip, the pack, or the tars: one, a folder of them or a pattern, "
           "set-{000..127}.tar")
        .mark(kFreeOnResume | kPath);
    fields("val_path", val_path,
           "held-out images for a validation loss: a folder or file like data.path, of which idx reads the "
           "t10k pair, cifar the test file and coco val2017/")
        .mark(kFreeOnResume | kPath);
    fields("val_fraction", val_fraction, "instead: the share of the images of data.path to hold out",
           between(0, 0.9));
    fields("captions", captions,
           "of image files: auto (metadata.jsonl, captions_*.json or a .txt beside most images, where they "
           "are there), none, beside (a .txt each), or a file of those of data.path, .jsonl or COCO's .json")
        .mark(kFreeOnResume | kPath);
    fields("random_flip", random_flip,
           "mirror each image left to right with probability 1/2: true, false, or auto: but for idx, whose "
           "digits "
           "and letters are others when mirrored");
    fields("crop", crop, "of folder images, once their short side fits: center, or random as in ADM");
    fields("crop_box", crop_box, "first cut [left, top, right, bottom] out of every image; []: all of it",
           at_least(0));
    fields("background", background,
           "shows through transparent pixels: [red, green, blue], or one grey level", between(0, 255));
    fields("max_pixels", max_pixels,
           "an image of more pixels, width x height, counts as a file that cannot be decoded; 0: none does",
           at_least(0))
        .mark(kFreeOnResume);
    fields("on_error", on_error, "a file that cannot be decoded: fail, or skip it and say so")
        .mark(kFreeOnResume);
    fields("cache", cache, "keep prepared images in memory: auto (if they take at most half of what is free)")
        .mark(kFreeOnResume);
    fields("workers", workers, "threads that prepare batches ahead; the batches do not depend on it",
           between(1, 64))
        .mark(kFreeOnResume);
  }

  /// Replaces "auto" in random_flip where the kind of data decides it.
  void resolve() {
    if (!flips_by_data()) random_flip = flips() ? RandomFlip::kTrue : RandomFlip::kFalse;
  }
  /// Whether the data decide themselves, see `mirrors` (data/dataset.h).
  bool flips_by_data() const {
    return random_flip == RandomFlip::kAuto && (kind == DataKind::kPack || kind == DataKind::kLatents);
  }
  bool flips() const {
    return random_flip == RandomFlip::kTrue || (random_flip == RandomFlip::kAuto && kind != DataKind::kIdx);
  }
  /// Throws UsageError, naming the keys, if values do not go together.
  void validate() const;
};

/// {channels, height, width} of what the network takes.
using ImageShape = std::array<int64_t, 3>;
/// "3x32x32".
std::string shape_text(const ImageShape& shape);

}  // namespace uvic
