// Images to be looked at once, front to back, as they are: nothing is resized. For scores.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/prefetch.h"

namespace uvic {

class ImageSet {
 public:
  virtual ~ImageSet() = default;
  virtual int64_t size() const = 0;
  /// Images first .. first + count - 1 as RGB, uint8 [n, 3, H, W]; several tensors where neighbours differ in
  /// size. Thread-safe unless `sequential`. UsageError names what cannot be decoded.
  virtual std::vector<at::Tensor> read(int64_t first, int64_t count) = 0;
  /// To be read by one thread, front to back.
  virtual bool sequential() const { return false; }
  /// "10000 images in dump.zip".
  virtual std::string describe() const = 0;
};

/// A folder (all image files at any depth), a .zip of image files, or an .npz whose `arr_0` is uint8 [N, H,
/// W, C], C = 3 or 1, as ADM's; sorted by name. Files are read as decode_image does: grey becomes RGB,
/// transparency white. UsageError: none of these, or no images in it.
std::unique_ptr<ImageSet> open_image_set(const std::filesystem::path& path);

/// The images of a set in batches, decoded ahead in threads.
class ImageBatches {
 public:
  ImageBatches(ImageSet& set, int64_t batch_size, int64_t workers);

  /// uint8 [n, 3, H, W], n at most batch_size, less where the size of the images changes; undefined after the
  /// last. Rethrows what a worker threw.
  at::Tensor next();

 private:
  std::vector<at::Tensor> ready_;  // last first
  Prefetch<std::vector<at::Tensor>> batches_;
};

}  // namespace uvic
