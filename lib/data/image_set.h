// Images to be looked at once, front to back, as they are: nothing is resized. For scores.
#pragma once
#include <ATen/core/Tensor.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/errors.h"
#include "core/prefetch.h"
#include "data/bad_files.h"

namespace uvic {

/// Images of one size.
struct ImageRun {
  at::Tensor images;             ///< RGB, uint8 [n, 3, H, W]
  std::vector<int64_t> numbers;  ///< n: which of the set they are
};

struct ImageSize {
  int64_t height = 0, width = 0;
};

class ImageSet {
 public:
  virtual ~ImageSet() = default;
  /// Images, those included that decoding will leave out.
  virtual int64_t size() const = 0;
  /// Of the first image, known before any is decoded.
  virtual ImageSize first_size() const = 0;
  /// Images first .. first + count - 1; several runs where neighbours differ in size. Thread-safe unless
  /// `sequential`. What cannot be decoded is a UsageError that names it, or left out, as its BadFiles says.
  virtual std::vector<ImageRun> read(int64_t first, int64_t count) = 0;
  /// To be read by one thread, front to back.
  virtual bool sequential() const { return false; }
  /// "photos/a/3.png", "set.npz: image 3".
  virtual std::string name(int64_t number) const = 0;
  /// "10000 images in dump.zip".
  virtual std::string describe() const = 0;
  /// Images left out so far, by their headers or as decoding failed.
  int64_t left_out() const { return left_out_; }

 protected:
  /// Passes on what one image threw: that is the end, or the image is left out.
  void leave_out(BadFiles& bad, const UsageError& error);
  void add_left_out(int64_t images) { left_out_ += images; }

 private:
  std::atomic<int64_t> left_out_ = 0;
};

/// A folder (all image files at any depth), a .zip of image files, or an .npz whose `arr_0` is uint8 [N, H,
/// W, C], C = 3 or 1, as ADM's; sorted by name. Files are read as decode_image does: grey becomes RGB,
/// transparency white. Or a folder of idx or CIFAR files: its training images (dataset_images.h). The headers
/// of all files are read, and `bad` told what is none. UsageError: none of these, or no images in it.
std::unique_ptr<ImageSet> open_image_set(const std::filesystem::path& path, const SharedBadFiles& bad);
/// The same where every file must be an image.
std::unique_ptr<ImageSet> open_image_set(const std::filesystem::path& path);

/// uint8 [n, 3, H, W] of images uint8 [3 or 1, H, W] of one size.
at::Tensor rgb_of(const std::vector<at::Tensor>& images);

/// The images of a set in batches, decoded ahead in threads.
class ImageBatches {
 public:
  ImageBatches(ImageSet& set, int64_t batch_size, int64_t workers);

  /// uint8 [n, 3, H, W], n at most batch_size, less where the size of the images changes; undefined after the
  /// last. Rethrows what a worker threw.
  at::Tensor next();
  /// The name of an image of the batch that `next` returned last.
  std::string name(int64_t row) const { return set_.name(numbers_.at(size_t(row))); }

 private:
  ImageSet& set_;
  std::vector<int64_t> numbers_;  // of the last batch
  std::vector<ImageRun> ready_;   // last first
  Prefetch<std::vector<ImageRun>> batches_;
};

}  // namespace uvic
