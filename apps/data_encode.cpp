#include "data_encode.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>

#include <algorithm>
#include <functional>

#include "core/dtype.h"
#include "core/errors.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/signals.h"
#include "core/text.h"
#include "data/dataset_images.h"
#include "data/folder.h"
#include "io/npy.h"
#include "io/npy_writer.h"
#include "io/output_path.h"

namespace uvic {
namespace {

constexpr int64_t kWorkers = 2;  // that decode files ahead

// Pictures of one size, batch by batch.
struct Pictures {
  int64_t count = 0, height = 0, width = 0;
  std::function<at::Tensor()> next;  ///< uint8 [n, C, H, W]
};

Pictures pictures_of_array(const std::string& in, int64_t channels, int64_t batch_size) {
  const at::Tensor images = load_npy(in);
  check_usage(images.scalar_type() == at::kByte && images.dim() == 4, in, ": is ",
              dtype_name(images.scalar_type()), " ", images.sizes(),
              " where pictures are uint8 [n, height, width, channels]");
  check_usage(images.size(0) > 0, in, ": holds no pictures");
  check_usage(images.size(3) == channels, in, ": pictures of ", count_of(uint64_t(images.size(3)), "channel"),
              "; the autoencoder takes ", channels);
  const auto next = [images, batch_size, at = int64_t{0}]() mutable {
    const at::Tensor batch = images.slice(0, at, at + batch_size).permute({0, 3, 1, 2});
    at += batch_size;
    return batch;
  };
  return {images.size(0), images.size(1), images.size(2), next};
}

std::shared_ptr<ImageSet> open_pictures(const std::string& in, int64_t image_size) {
  if (image_size == 0) return open_image_set(in);
  DataOptions options;
  options.kind = DataKind::kFolder;
  options.path = in;
  return images_of(open_folder(in, options, {3, image_size, image_size}),
                   std::make_shared<BadFiles>(OnError::kFail, "--image-size", bad_files_list({})));
}

Pictures pictures_of_files(const std::string& in, int64_t channels, int64_t batch_size, int64_t image_size) {
  check_usage(channels == 3, in, ": pictures of 3 channels; the autoencoder takes ", channels);
  const auto set = open_pictures(in, image_size);
  const ImageSize first = set->first_size();
  const auto batches = std::make_shared<ImageBatches>(*set, batch_size, kWorkers);
  const auto next = [set, batches, first] {
    const at::Tensor batch = batches->next();
    check_usage(batch.size(2) == first.height && batch.size(3) == first.width, batches->name(0), ": is ",
                batch.size(2), " x ", batch.size(3), " where the first is ", first.height, " x ", first.width,
                "; --image-size N scales and crops all to N x N");
    return batch;
  };
  return {set->size(), first.height, first.width, next};
}

}  // namespace

void EncodeCommand::add_to(CLI::App& app) {
  app.add_option(
         "in", in,
         "folder of pictures (also a .zip or .npz of them), taken in the order of their names, or a .npy, "
         "uint8 [n, height, width, channels]")
      ->type_name("IN")
      ->required();
  app.add_option(
         "--out", out,
         "the latents, float32 [n, channels, height, width], as .npy: their mean, scaled and shifted as a "
         "network sees them; what uvic-data decode takes")
      ->required();
  app.add_flag(
      "--moments", moments,
      "instead float32 [n, 2 channels, height, width]: mean, then standard deviation, neither scaled nor "
      "shifted");
  app.add_option(
         "--image-size", image_size,
         "scale and crop the pictures of a folder to N x N, as in training; 0: they are of one size, whose "
         "sides the autoencoder can divide")
      ->check(CLI::Range(0, 8192))
      ->capture_default_str();
  autoencoder.add_to(app);
}

int EncodeCommand::run() const {
  check_output_file("--out", out, {".npy"});
  const bool array = extension_of(in) == ".npy";
  check_usage(!array || image_size == 0, "--image-size: is for folders; ", in, " is taken as it is");
  const LoadedAutoencoder loaded = autoencoder.load(!moments);
  const AutoencoderOptions& options = loaded.network->options();
  const Pictures pictures =
      array ? pictures_of_array(in, options.in_channels, autoencoder.batch_size)
            : pictures_of_files(in, options.in_channels, autoencoder.batch_size, image_size);
  const int64_t multiple = options.downscale(), channels = options.latent_channels * (moments ? 2 : 1);
  check_usage(pictures.height % multiple == 0 && pictures.width % multiple == 0 && pictures.height > 0 &&
                  pictures.width > 0,
              in, ": pictures of ", pictures.height, " x ", pictures.width,
              "; the autoencoder takes sides that are multiples of ", multiple,
              array || image_size > 0 ? "" : "; --image-size N makes them so");
  install_signal_handlers();
  const std::vector<int64_t> shape = {pictures.count, channels, pictures.height / multiple,
                                      pictures.width / multiple};
  NpyWriter writer(out, shape);
  ProgressBar bar("encoding", "pictures", pictures.count);
  for (int64_t done = 0; done < pictures.count;) {
    const at::Tensor batch = pictures.next().to(at::kFloat).div_(127.5).sub_(1);
    const LatentMoments found = loaded.network->encode(batch);
    writer.append((moments ? at::cat({found.mean, found.std}, 1) : loaded.space.normalise(found.mean)).cpu());
    bar.update(done += batch.size(0));
    if (interrupted("nothing written")) return kInterrupted;
  }
  bar.finish();
  writer.finish();
  log_info("wrote ", out, ": ", at::IntArrayRef(shape));
  return kDone;
}

}  // namespace uvic
