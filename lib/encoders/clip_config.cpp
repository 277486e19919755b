#include "encoders/clip_config.h"

#include <tuple>

#include "core/errors.h"
#include "io/json_text.h"
#include "io/read_file.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// The values of one object of a file.
struct ClipValues {
  std::string file;
  const Json& json;

  int64_t size(const char* key, int64_t standard) const {
    const auto found = json.find(key);
    if (found == json.end() || found->is_null()) return standard;
    check_usage(found->is_number_integer() && *found > 0 && *found < 1 << 24, file, ": ", key,
                " must be a size, is ", json_kind(*found));
    return found->get<int64_t>();
  }
  double number(const char* key, double standard) const {
    const auto found = json.find(key);
    if (found == json.end() || found->is_null()) return standard;
    check_usage(found->is_number(), file, ": ", key, " must be a number, is ", json_kind(*found));
    return found->get<double>();
  }
  Choice<ClipActivation> activation(const char* key) const {
    const auto found = json.find(key);
    if (found == json.end() || found->is_null()) return ClipActivation::kQuickGelu;
    check_usage(found->is_string(), file, ": ", key, " must be a name, is ", json_kind(*found));
    try {
      return found->get<std::string>();
    } catch (const UsageError& error) {
      usage_error(file, ": ", key, ": ", error.what());
    }
  }
};

Json read_object(const fs::path& path) {
  Json json = parse_json(read_text(path), path.string());
  check_usage(json.is_object(), path.string(), ": must be an object, is ", json_kind(json));
  return json;
}

std::optional<ClipConfig> read_transformers(const fs::path& path) {
  const Json json = read_object(path);
  const bool whole = json.contains("text_config") && json["text_config"].is_object();
  const std::string type = json.contains("model_type") && json["model_type"].is_string()
                               ? json["model_type"].get<std::string>()
                               : "";
  if (!type.starts_with("clip") || (type == "clip" && !whole)) return std::nullopt;
  const ClipValues values{path.string(), whole ? json["text_config"] : json};
  return ClipConfig{.file = path.string(),
                    .heads = values.size("num_attention_heads", 8),
                    .layers = values.size("num_hidden_layers", 12),
                    .norm_eps = values.number("layer_norm_eps", 1e-5),
                    .activation = values.activation("hidden_act"),
                    .vocab_size = values.size("vocab_size", 0),
                    .dim = values.size("hidden_size", 0),
                    .hidden_dim = values.size("intermediate_size", 0),
                    .length = values.size("max_position_embeddings", 0)};
}

std::optional<ClipConfig> read_open_clip(const fs::path& path) {
  const Json json = read_object(path);
  const Json& model = json.contains("model_cfg") ? json["model_cfg"] : json;
  check_usage(model.is_object() && model.contains("text_cfg") && model["text_cfg"].is_object(), path.string(),
              ": has no text_cfg");
  const ClipValues values{path.string(), model["text_cfg"]};
  const bool quick = model.contains("quick_gelu") && model["quick_gelu"] == Json(true);
  return ClipConfig{.file = path.string(),
                    .heads = values.size("heads", 8),
                    .layers = values.size("layers", 12),
                    .activation = quick ? ClipActivation::kQuickGelu : ClipActivation::kGelu,
                    .vocab_size = values.size("vocab_size", 0),
                    .dim = values.size("width", 0),
                    .length = values.size("context_length", 0)};
}

}  // namespace

std::optional<ClipConfig> read_clip_config(const fs::path& folder) {
  const fs::path transformers = folder / "config.json", open_clip = folder / "open_clip_config.json";
  std::optional<ClipConfig> config;
  if (fs::exists(transformers)) config = read_transformers(transformers);
  return !config && fs::exists(open_clip) ? read_open_clip(open_clip) : config;
}

std::string contradiction(const ClipConfig& config, const ClipTextOptions& shapes,
                          const std::string& weights) {
  const auto differs = [&](const char* what, int64_t said, int64_t there) {
    return c10::str(config.file, ": says ", said, " for the ", what, ", but ", weights, " has ", there);
  };
  const std::tuple<const char*, int64_t, int64_t> sizes[] = {
      {"vocabulary", config.vocab_size, shapes.vocab_size},
      {"width", config.dim, shapes.dim},
      {"hidden width", config.hidden_dim, shapes.hidden_dim},
      {"tokens of a text", config.length, shapes.length}};
  for (const auto& [what, said, there] : sizes) {
    if (said != 0 && said != there) return differs(what, said, there);
  }
  if (config.layers > shapes.layers) return differs("number of blocks", config.layers, shapes.layers);
  if (shapes.dim % config.heads == 0) return "";
  return c10::str(config.file, ": ", config.heads, " heads do not go into the width of ", shapes.dim);
}

void apply_config(const ClipConfig& config, ClipTextOptions& options) {
  options.layers = config.layers;
  options.heads = config.heads;
  options.norm_eps = config.norm_eps;
  options.activation = config.activation;
}

}  // namespace uvic
