#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "io/json_text.h"
#include "language/recipe.h"

namespace uvic {
namespace {

constexpr std::string_view kSettings = "model_cfg.";

std::map<std::string, std::string> model_cfg(const std::map<std::string, std::string>& settings,
                                             const std::map<std::string, std::string>& metadata,
                                             const std::string& source) {
  std::map<std::string, std::string> found;
  for (const auto& [name, value] : settings) {
    if (name.starts_with(kSettings)) found[name.substr(kSettings.size())] = value;
  }
  const auto config = metadata.find("config");
  if (!found.empty() || config == metadata.end()) return found;
  const auto json = parse_json(config->second, source + ": its metadata `config`");
  check_usage(json.is_object(), source, ": its metadata `config` is ", json_kind(json), ", not an object");
  for (const auto& [name, value] : json.items())
    found[name] = value.is_string() ? value.get<std::string>() : value.dump();
  return found;
}

}  // namespace

std::optional<CogformerOptions> authors_model(const std::map<std::string, std::string>& settings,
                                              const std::map<std::string, std::string>& metadata,
                                              const std::string& source) {
  const auto cfg = model_cfg(settings, metadata, source);
  if (!cfg.contains("n_layers") || !cfg.contains("n_heads")) return std::nullopt;
  CogformerOptions model;
  const auto fields = fields_of(model);
  for (const char* key :
       {"vocab_size", "dim", "n_layers", "n_heads", "hidden_dim", "max_seq_length", "norm_eps"}) {
    const auto value = cfg.find(key);
    check_usage(value != cfg.end(), source, ": its model_cfg has no ", key);
    try {
      set_field(fields, std::string(key) + "=" + value->second);
    } catch (const UsageError& error) {
      usage_error(source, ": model_cfg: ", error.what());
    }
  }
  const auto text_of = [&](const char* key, const std::string& standard) {
    const auto value = cfg.find(key);
    return value == cfg.end() ? standard : value->second;
  };
  const std::string kind = text_of("attn_type", "np"), experts = text_of("shared_expert_recipe", "1");
  check_usage(kind == "np" || kind == "vanilla", source, ": model_cfg: attn_type is '", kind,
              "'; what can be run is np (Cog) and vanilla (softmax)");
  check_usage(experts == "1", source, ": model_cfg: shared_expert_recipe is ", experts,
              "; a network with one expert, shared by all tokens, is what can be run");
  model.attention = kind == "np" ? AttentionKind::kCog : AttentionKind::kSoftmax;
  return model;
}

}  // namespace uvic
