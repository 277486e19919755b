#include "data_decode.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/isfinite.h>

#include <algorithm>
#include <optional>

#include "core/dtype.h"
#include "core/errors.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/signals.h"
#include "core/text.h"
#include "io/grid.h"
#include "io/npy.h"
#include "io/npy_writer.h"
#include "io/output_path.h"
#include "io/png.h"
#include "nn/autoencoder_tiles.h"
#include "sampling/dump/formats.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

at::Tensor load_latents(const std::string& in, int64_t channels) {
  const at::Tensor latents = load_npy(in);
  check_usage(at::isFloatingType(latents.scalar_type()) && latents.dim() == 4 && latents.size(0) > 0 &&
                  latents.size(2) > 0 && latents.size(3) > 0,
              in, ": is ", dtype_name(latents.scalar_type()), " ", latents.sizes(),
              " where latents are float32 [n, channels, height, width]");
  check_usage(
      latents.size(1) == channels, in, ": latents of ", latents.size(1), " channels; the autoencoder's have ",
      channels,
      latents.size(1) == 2 * channels ? " (those of --moments are a mean and a standard deviation)" : "");
  for (int64_t i = 0; i < latents.size(0); ++i)
    check_usage(at::isfinite(latents[i]).all().item<bool>(), in, ": latent ", i,
                " holds a NaN or an infinity");
  return latents.to(at::kFloat);
}

// 000000.png and on in a folder, or one array.
class PictureWriter {
 public:
  PictureWriter(const std::string& out, std::vector<int64_t> shape) : folder_(out) {
    if (extension_of(out) == ".npy") {
      array_.emplace(out, std::move(shape));
    } else {
      fs::create_directories(folder_);
    }
  }
  /// float32 [n, C, H, W].
  void append(const at::Tensor& pictures) {
    if (array_) return array_->append(pictures);
    for (const at::Tensor& picture : to_uint8(pictures).unbind())
      save_png(folder_ / image_file_name(count_++), picture);
  }
  void finish() {
    if (array_) array_->finish();
  }

 private:
  fs::path folder_;
  std::optional<NpyWriter> array_;
  int64_t count_ = 0;
};

}  // namespace

void DecodeCommand::add_to(CLI::App& app) {
  app.add_option("latents", in, "latents as .npy, float32 [n, channels, height, width]")
      ->type_name("LATENTS.npy")
      ->required();
  app.add_option("--out", out,
                 "X.npy, float32 [n, channels, height, width] in about [-1, 1], not cut off; or a folder, of "
                 "000000.png and on")
      ->required();
  app.add_flag(
      "--unscaled", unscaled,
      "the latents are the autoencoder's own; else they are scaled and shifted, as a network makes them");
  app.add_option(
         "--memory-mb", memory_mb,
         "MiB that decoding may take beside the weights; a larger picture is decoded in tiles, which takes "
         "longer and gives the same")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 24))
      ->capture_default_str();
  autoencoder.add_to(app);
}

int DecodeCommand::run() const {
  const bool array = extension_of(out) == ".npy";
  if (array) {
    check_output_file("--out", out, {".npy"});
  } else {
    check_output_folder("--out", out);
  }
  const LoadedAutoencoder loaded = autoencoder.load(!unscaled);
  const AutoencoderOptions& options = loaded.network->options();
  check_usage(array || options.out_channels == 3 || options.out_channels == 1, "--out ", out,
              ": pictures of ", options.out_channels, " channels are no PNGs; name a .npy");
  const at::Tensor latents = load_latents(in, options.latent_channels);
  const int64_t n = latents.size(0), side = options.downscale();
  install_signal_handlers();
  const std::vector<int64_t> shape = {n, options.out_channels, latents.size(2) * side,
                                      latents.size(3) * side};
  std::optional<PictureWriter> writer;  // a limit that is too low leaves no folder behind
  ProgressBar bar("decoding", "pictures", n);
  for (int64_t at = 0; at < n; at += autoencoder.batch_size) {
    const at::Tensor batch = latents.slice(0, at, at + autoencoder.batch_size);
    const at::Tensor pictures =
        decode_within(*loaded.network, unscaled ? batch : loaded.space.restore(batch), memory_mb << 20);
    if (!writer) writer.emplace(out, shape);
    writer->append(pictures);
    bar.update(std::min(at + autoencoder.batch_size, n));
    if (interrupted(array ? "nothing written"
                          : count_of(uint64_t(at + batch.size(0)), "picture") + " written"))
      return kInterrupted;
  }
  bar.finish();
  writer->finish();
  log_info("wrote ", out, ": ", at::IntArrayRef(shape));
  return kDone;
}

}  // namespace uvic
