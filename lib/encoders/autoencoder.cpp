#include "encoders/autoencoder.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/errors.h"
#include "core/log.h"
#include "core/text.h"
#include "encoders/autoencoder_config.h"
#include "encoders/autoencoder_layouts.h"
#include "io/digests.h"
#include "io/output_path.h"
#include "nn/autoencoder_steps.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

constexpr std::array kNames = {"diffusion_pytorch_model.safetensors",
                               "diffusion_pytorch_model.fp16.safetensors", "diffusion_pytorch_model.bin",
                               "diffusion_pytorch_model.fp16.bin"};

constexpr size_t kMostNamed = 5;

bool is_weights(const fs::path& file) {
  const std::string ending = extension_of(file);
  return ending == ".safetensors" || ending == ".bin" || ending == ".pth" || ending == ".pt" ||
         ending == ".ckpt";
}

// The weights of a folder: under diffusers' names, else the only ones.
fs::path weights_in(const fs::path& folder, const std::string& said) {
  for (const char* name : kNames) {
    if (fs::exists(folder / name)) return folder / name;
  }
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && is_weights(entry.path())) found.push_back(entry.path().filename());
  }
  std::sort(found.begin(), found.end());
  check_usage(!found.empty(), said, ": no weights are in this folder; an autoencoder's has ", kNames[0],
              " or ", kNames[2]);
  check_usage(found.size() == 1, said, ": which of its weights is not clear; name one of ",
              join(found, ", "));
  return folder / found.front();
}

fs::path find_weights(const std::string& spec, const std::string& option) {
  const std::string said = option + " " + spec;
  const fs::path path = spec;
  check_usage(fs::exists(path), said, ": there is no such file or folder");
  if (!fs::is_directory(path)) return path;
  const fs::path inside = path / "vae";
  return fs::is_directory(inside) ? weights_in(inside, option + " " + inside.string())
                                  : weights_in(path, said);
}

// Of a folder that was named, config.json is the autoencoder's; beside a file that was named, it may be
// another's.
bool has_config(const fs::path& weights, const std::string& spec) {
  const fs::path config = weights.parent_path() / "config.json";
  return fs::is_directory(spec) ? fs::exists(config) : is_autoencoder_config(config);
}

void say_what_is_taken(const AutoencoderConfig& config, bool scale_is_given) {
  const std::string shift = config.shift_factor != 0 ? c10::str(" and shifted by ", config.shift_factor) : "";
  log_info(config.source, ": no config.json is beside it; its sizes are read off its weights",
           scale_is_given ? "" : c10::str(", its latents are scaled by ", *config.scaling_factor, shift));
}

void settle_scale(AutoencoderConfig& config, const AutoencoderRequest& request) {
  if (request.scaling_factor > 0) config.scaling_factor = request.scaling_factor;
  check_usage(config.scaling_factor.has_value(), config.source, ": nothing says how its latents of ",
              config.options.latent_channels,
              " channels are scaled; put its config.json beside it, or give a scaling factor");
}

std::string digest(const TensorMap& weights, const AutoencoderSteps& steps) {
  Sha256 sha;
  for (const auto& [name, shape] : parameter_shapes(steps)) {
    sha.add(c10::str(name, " ", at::IntArrayRef(shape), "\n"));
    const at::Tensor values = weights.at(name).contiguous();
    sha.add(values.const_data_ptr(), values.nbytes());
  }
  return sha.hex();
}

}  // namespace

LoadedAutoencoder load_autoencoder(const std::string& spec, const AutoencoderRequest& request,
                                   const std::string& option) {
  LoadedAutoencoder loaded{.file = find_weights(spec, option)};
  const auto reader = open_tensor_file(loaded.file);
  const StoredAutoencoder stored = autoencoder_of(*reader);
  const bool configured = has_config(loaded.file, spec);
  AutoencoderConfig config = configured ? read_autoencoder_config(loaded.file.parent_path() / "config.json")
                                        : autoencoder_config_of(*reader, stored);
  settle_scale(config, request);
  if (!configured) say_what_is_taken(config, request.scaling_factor > 0);
  const AutoencoderOptions& options = config.options;
  const TensorMap weights = read_autoencoder(*reader, stored);
  check_weights(parameter_shapes(options), weights,
                configured ? reader->name() + " (with " + config.source + ")" : reader->name());
  const bool upcast = config.force_upcast && request.precision != Precision::kFp32;
  if (upcast) log_info(config.source, ": force_upcast: the autoencoder runs in fp32");
  loaded.network = std::make_shared<AutoencoderKL>(options, weights, request.device,
                                                   upcast ? Precision::kFp32 : request.precision);
  loaded.space = {.encoder_sha256 = digest(weights, encoder_steps(options)),
                  .channels = options.latent_channels,
                  .downscale = options.downscale(),
                  .scaling_factor = *config.scaling_factor,
                  .shift_factor = config.shift_factor,
                  .mean = config.mean,
                  .std = config.std};
  loaded.decoder_sha256 = digest(weights, decoder_steps(options));
  return loaded;
}

}  // namespace uvic
