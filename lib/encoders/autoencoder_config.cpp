#include "encoders/autoencoder_config.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "io/json_text.h"
#include "io/read_file.h"
#include "nn/autoencoder_steps.h"

namespace uvic {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kStableDiffusionScale = 0.18215, kStableDiffusionXlScale = 0.13025;

Json read_json(const std::filesystem::path& file) {
  return parse_json(read_text(file), file.string());
}

// The values of a config, each of a kind.
class Values {
 public:
  Values(const Json& json, const std::string& file) : json_(json), file_(file) {
    check_usage(json.is_object(), file, ": is ", json_kind(json), " where a config is an object");
  }

  // Null is as if it were not there.
  const Json* find(const char* key) const {
    const auto value = json_.find(key);
    return value == json_.end() || value->is_null() ? nullptr : &*value;
  }
  void read(const char* key, int64_t& value) const {
    if (const Json* given = find(key)) value = whole(key, *given);
  }
  void read(const char* key, double& value) const {
    if (const Json* given = find(key)) value = number(key, *given);
  }
  void read(const char* key, bool& value) const {
    const Json* given = find(key);
    if (given == nullptr) return;
    if (!given->is_boolean()) refuse(key, *given, "true or false");
    value = given->get<bool>();
  }
  void read(const char* key, std::string& value) const {
    const Json* given = find(key);
    if (given == nullptr) return;
    if (!given->is_string()) refuse(key, *given, "a text");
    value = given->get<std::string>();
  }
  template <class T, class Convert>
  void read_list(const char* key, std::vector<T>& values, const char* wanted, const Convert& convert) const {
    const Json* given = find(key);
    if (given == nullptr) return;
    if (!given->is_array()) refuse(key, *given, wanted);
    values.clear();
    for (const Json& item : *given) values.push_back(convert(key, item));
  }
  int64_t whole(const char* key, const Json& value) const {
    if (!value.is_number_integer()) refuse(key, value, "a whole number");
    return value.get<int64_t>();
  }
  double number(const char* key, const Json& value) const {
    if (!value.is_number()) refuse(key, value, "a number");
    return value.get<double>();
  }
  std::string text(const char* key, const Json& value) const {
    if (!value.is_string()) refuse(key, value, "a text");
    return value.get<std::string>();
  }

 private:
  [[noreturn]] void refuse(const char* key, const Json& value, const char* wanted) const {
    usage_error(file_, ": ", key, " is ", json_kind(value), " where ", wanted, " is needed");
  }
  const Json& json_;
  const std::string& file_;
};

// Levels of which the blocks, listed in the order of execution, have attention.
std::vector<int64_t> attention_levels(const Values& values, const char* key, const std::string& plain,
                                      const std::string& attentive, const AutoencoderOptions& options,
                                      bool upwards, const std::string& file) {
  std::vector<std::string> types;
  values.read_list(key, types, "a list of texts", [&](auto... at) { return values.text(at...); });
  check_usage(types.empty() || int64_t(types.size()) == options.levels(), file, ": ", key, " lists ",
              types.size(), " blocks, block_out_channels ", options.levels());
  std::vector<int64_t> levels;
  for (size_t i = 0; i < types.size(); ++i) {
    check_usage(types[i] == plain || types[i] == attentive, file, ": ", key, ": '", types[i],
                "' is not run; ", plain, " and ", attentive, " are");
    if (types[i] == attentive) levels.push_back(upwards ? options.levels() - 1 - int64_t(i) : int64_t(i));
  }
  std::sort(levels.begin(), levels.end());
  return levels;
}

AutoencoderOptions read_options(const Values& values, const std::string& file) {
  AutoencoderOptions options;
  options.layers_per_block = 1;  // diffusers' default
  check_usage(values.find("block_out_channels") != nullptr, file, ": there is no block_out_channels");
  values.read_list("block_out_channels", options.block_out_channels, "a list of whole numbers",
                   [&](const char* key, const Json& value) { return values.whole(key, value); });
  values.read("in_channels", options.in_channels);
  values.read("out_channels", options.out_channels);
  values.read("latent_channels", options.latent_channels);
  values.read("layers_per_block", options.layers_per_block);
  values.read("norm_num_groups", options.norm_num_groups);
  values.read("mid_block_add_attention", options.mid_block_add_attention);
  values.read("use_quant_conv", options.use_quant_conv);
  values.read("use_post_quant_conv", options.use_post_quant_conv);
  std::string activation = "silu";
  values.read("act_fn", activation);
  check_usage(activation == "silu" || activation == "swish", file, ": act_fn: '", activation,
              "' is not run; silu is");
  options.encoder_attention = attention_levels(values, "down_block_types", "DownEncoderBlock2D",
                                               "AttnDownEncoderBlock2D", options, false, file);
  options.decoder_attention = attention_levels(values, "up_block_types", "UpDecoderBlock2D",
                                               "AttnUpDecoderBlock2D", options, true, file);
  options.validate(file);
  return options;
}

// What scales latents.
void check_scale(const AutoencoderConfig& config) {
  check_usage(std::isfinite(*config.scaling_factor) && *config.scaling_factor > 0, config.source,
              ": scaling_factor: ", *config.scaling_factor, " must be above 0");
  const auto channels = size_t(config.options.latent_channels);
  for (const auto& [key, values] :
       {std::pair("latents_mean", &config.mean), std::pair("latents_std", &config.std)}) {
    check_usage(values->empty() || values->size() == channels, config.source, ": ", key, " has ",
                values->size(), " values, one of ", channels, " channels each are needed");
  }
  check_usage(std::all_of(config.std.begin(), config.std.end(), [](double value) { return value > 0; }),
              config.source, ": latents_std: all must be above 0");
}

bool holds_any(const TensorReader& file, std::string_view part) {
  return std::any_of(file.tensors().begin(), file.tensors().end(),
                     [&](const StoredTensor& tensor) { return tensor.name.find(part) != std::string::npos; });
}

}  // namespace

bool is_autoencoder_config(const std::filesystem::path& file) {
  if (!std::filesystem::is_regular_file(file)) return false;
  const Json json = read_json(file);
  if (!json.is_object()) return false;
  const auto name = json.find("_class_name");
  return name != json.end() ? *name == "AutoencoderKL"
                            : json.contains("latent_channels") && json.contains("block_out_channels");
}

AutoencoderConfig read_autoencoder_config(const std::filesystem::path& file) {
  AutoencoderConfig config{.source = file.string(), .scaling_factor = kStableDiffusionScale};
  const Json json = read_json(file);
  const Values values(json, config.source);
  std::string name = "AutoencoderKL";
  values.read("_class_name", name);
  check_usage(name == "AutoencoderKL", config.source, ": is of ", name, " where an AutoencoderKL is needed");
  config.options = read_options(values, config.source);
  values.read("scaling_factor", *config.scaling_factor);
  values.read("shift_factor", config.shift_factor);
  const auto number = [&](const char* key, const Json& value) { return values.number(key, value); };
  values.read_list("latents_mean", config.mean, "a list of numbers", number);
  values.read_list("latents_std", config.std, "a list of numbers", number);
  values.read("force_upcast", config.force_upcast);
  check_scale(config);
  return config;
}

AutoencoderConfig autoencoder_config_of(const TensorReader& file, const StoredAutoencoder& stored) {
  AutoencoderConfig config{.source = file.name(), .options = autoencoder_of_shapes(stored.shapes, {})};
  for (const int64_t channels : config.options.block_out_channels)
    check_usage(channels % config.options.norm_num_groups == 0, file.name(), ": its blocks of ", channels,
                " channels cannot have the usual ", config.options.norm_num_groups,
                " groups of norms; put its config.json, which says norm_num_groups, beside it");
  config.options.validate(file.name());
  if (holds_any(file, "conditioner.embedders.")) {
    config.scaling_factor = kStableDiffusionXlScale;
    config.force_upcast = true;
  } else if (config.options.latent_channels == 4) {
    config.scaling_factor = kStableDiffusionScale;
  } else if (holds_any(file, ".joint_blocks.")) {  // Stable Diffusion 3
    config.scaling_factor = 1.5305;
    config.shift_factor = 0.0609;
  } else if (holds_any(file, ".double_blocks.")) {  // Flux
    config.scaling_factor = 0.3611;
    config.shift_factor = 0.1159;
  }
  return config;
}

}  // namespace uvic
