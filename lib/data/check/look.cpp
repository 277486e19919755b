#include "data/check/look.h"

#include <algorithm>

#include "core/errors.h"
#include "core/prefetch.h"
#include "data/decode.h"
#include "data/image_header.h"
#include "io/digests.h"

namespace uvic {
namespace {

constexpr int64_t kImagesATask = 64;  // images of a task of a thread

bool is_grey(const Pixels& image) {
  for (size_t i = 0; i + 2 < image.data.size(); i += 3) {
    if (image.data[i] != image.data[i + 1] || image.data[i] != image.data[i + 2]) return false;
  }
  return true;
}

std::string digest(int64_t width, int64_t height, const void* data, size_t bytes) {
  Sha256 hash;
  hash.add(&width, sizeof width);
  hash.add(&height, sizeof height);
  hash.add(data, bytes);
  return hash.hex();
}

ImageLook look_at_file(const FileSource& source, const std::string& file, int64_t max_pixels) {
  ImageLook look{.name = file, .problem = {}, .format = {}, .pixels = {}};
  const std::string name = source.full_name(file);
  try {
    const auto bytes = source.read(file).bytes;
    look.format = parse_image_header(bytes, int64_t(bytes.size()), name).format;
    DecodeOptions options{.max_pixels = max_pixels};
    const DecodedImage decoded = decode_with_alpha(bytes, name, options);
    look.width = decoded.pixels.width;
    look.height = decoded.pixels.height;
    look.grey = is_grey(decoded.pixels);
    look.pixels = digest(look.width, look.height, decoded.pixels.data.data(), decoded.pixels.data.size());
    if (decoded.alpha) {  // which may be opaque everywhere: then no background makes a difference
      options.background = {0, 0, 0};
      look.transparent = decode_image(bytes, name, options).data != decoded.pixels.data;
    }
  } catch (const UsageError& error) {
    const std::string text = error.what();
    look.problem = text.starts_with(name + ": ") ? text.substr(name.size() + 2) : text;
  }
  return look;
}

ImageLook look_at_image(const Dataset& dataset, int64_t index) {
  const auto [C, H, W] = dataset.image_shape();
  ImageLook look{.name = "image " + std::to_string(index),
                 .problem = {},
                 .format = {},
                 .width = W,
                 .height = H,
                 .pixels = {}};
  try {
    const bool latents = dataset.latents().has_value();
    const at::Tensor image =
        latents ? dataset.moments(index, /*mirrored=*/false) : dataset.image(index).contiguous();
    look.pixels = digest(W, H, image.const_data_ptr(), image.nbytes());
    const auto* bytes = static_cast<const uint8_t*>(image.const_data_ptr());
    const auto plane = size_t(H * W);
    look.grey = !latents && C == 3 && std::equal(bytes, bytes + plane, bytes + plane) &&
                std::equal(bytes, bytes + plane, bytes + 2 * plane);
  } catch (const UsageError& error) {
    look.problem = error.what();
  }
  return look;
}

/// `look(i)` for 0 .. count - 1, in threads.
template <class Look>
std::vector<ImageLook> look_at_all(int64_t count, int64_t workers, const Look& look,
                                   const std::function<void(int64_t)>& progress) {
  using Looks = std::vector<ImageLook>;
  const int64_t tasks = (count + kImagesATask - 1) / kImagesATask;
  Prefetch<Looks> pieces(
      [&](int64_t task) {
        Looks looks;
        for (int64_t i = task * kImagesATask; i < std::min(count, (task + 1) * kImagesATask); ++i)
          looks.push_back(look(i));
        return looks;
      },
      0, tasks, workers, 2 * workers + 2);
  Looks all;
  while (!pieces.done()) {
    Looks looks = pieces.next();
    std::move(looks.begin(), looks.end(), std::back_inserter(all));
    progress(int64_t(all.size()));
  }
  return all;
}

}  // namespace

std::vector<ImageLook> look_at_files(const FileSource& source, const std::vector<std::string>& files,
                                     int64_t max_pixels, int64_t workers,
                                     const std::function<void(int64_t)>& progress) {
  return look_at_all(
      int64_t(files.size()), workers,
      [&](int64_t i) { return look_at_file(source, files[size_t(i)], max_pixels); }, progress);
}

std::vector<ImageLook> look_at_dataset(const Dataset& dataset, int64_t workers,
                                       const std::function<void(int64_t)>& progress) {
  return look_at_all(
      dataset.size(), workers, [&](int64_t i) { return look_at_image(dataset, i); }, progress);
}

}  // namespace uvic
