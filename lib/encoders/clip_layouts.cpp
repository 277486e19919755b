#include "encoders/clip_layouts.h"

#include <ATen/ATen.h>

#include <array>
#include <set>
#include <string_view>

#include "core/errors.h"

namespace uvic {
namespace {

constexpr std::string_view kTokens = "token_embedding.weight", kEmbeddings = "embeddings.",
                           kOpenClipBlock = "transformer.resblocks.", kBlock = "encoder.layers.";

struct Renamed {
  std::string_view from, to;
};
constexpr std::array kOpenClipTops = {Renamed{"token_embedding.weight", "embeddings.token_embedding.weight"},
                                      Renamed{"positional_embedding", "embeddings.position_embedding.weight"},
                                      Renamed{"ln_final.weight", "final_layer_norm.weight"},
                                      Renamed{"ln_final.bias", "final_layer_norm.bias"}};
constexpr std::array kOpenClipParts = {Renamed{"ln_1.", "layer_norm1."}, Renamed{"ln_2.", "layer_norm2."},
                                       Renamed{"attn.out_proj.", "self_attn.out_proj."},
                                       Renamed{"mlp.c_fc.", "mlp.fc1."}, Renamed{"mlp.c_proj.", "mlp.fc2."}};
constexpr std::array kThirds = {"self_attn.q_proj.", "self_attn.k_proj.", "self_attn.v_proj."};

// transformers' name of a tensor without its prefix; empty for one that is no parameter of the text encoder.
std::string transformers_name(std::string_view name) {
  const bool part =
      name.starts_with(kEmbeddings) || name.starts_with(kBlock) || name.starts_with("final_layer_norm.");
  return part && !name.ends_with("position_ids") ? std::string(name) : "";
}

// transformers' names of what open_clip calls `name`: three for the joined projection.
std::vector<std::string> names_from_open_clip(std::string_view name) {
  for (const auto& [from, to] : kOpenClipTops) {
    if (name == from) return {std::string(to)};
  }
  if (!name.starts_with(kOpenClipBlock)) return {};
  name.remove_prefix(kOpenClipBlock.size());
  const size_t dot = name.find('.');
  if (dot == std::string_view::npos) return {};
  const std::string block = std::string(kBlock) + std::string(name.substr(0, dot + 1));
  const std::string_view rest = name.substr(dot + 1);
  for (const auto& [from, to] : kOpenClipParts) {
    if (rest.starts_with(from)) return {block + std::string(to) + std::string(rest.substr(from.size()))};
  }
  constexpr std::string_view kJoined = "attn.in_proj_";
  std::vector<std::string> thirds;
  if (rest.starts_with(kJoined)) {
    for (const char* third : kThirds)
      thirds.push_back(block + third + std::string(rest.substr(kJoined.size())));
  }
  return thirds;
}

int64_t block_of(std::string_view name) {
  return name.starts_with(kBlock) ? std::stoll("0" + std::string(name.substr(kBlock.size(), 9))) : -1;
}

void add_tensor(StoredClipText& stored, const TensorReader& file, size_t index) {
  const StoredTensor& tensor = file.tensors()[index];
  const std::string_view name = std::string_view(tensor.name).substr(stored.prefix.size());
  std::vector<std::string> names = {transformers_name(name)};
  if (stored.open_clip) names = names_from_open_clip(name);
  if (names.empty() || names.front().empty()) return;
  file.check(index);
  std::vector<int64_t> shape = tensor.shape;
  const bool joined = names.size() > 1;
  if (joined) {
    check_usage(!shape.empty() && shape[0] % 3 == 0, file.name(), ": ", tensor.name, " ",
                at::IntArrayRef(shape), " is not q, k and v in one");
    shape[0] /= 3;
  }
  for (size_t i = 0; i < names.size(); ++i) {
    const bool added =
        stored.sources.emplace(names[i], StoredClipText::Source{index, joined ? int(i) : -1}).second;
    check_usage(added, file.name(), ": \"", tensor.name, "\" appears twice");
    stored.shapes[names[i]] = shape;
  }
}

}  // namespace

bool StoredClipText::takes_penultimate() const {
  return open_clip && (prefix.find("cond_stage_model.model.") != std::string::npos ||
                       prefix.find("conditioner.embedders.") != std::string::npos);
}

std::string StoredClipText::place() const {
  return prefix.empty() ? "at the top" : prefix.substr(0, prefix.size() - 1);
}

std::vector<StoredClipText> clip_texts_of(const TensorReader& file) {
  std::set<std::string_view> names;
  for (const StoredTensor& tensor : file.tensors()) names.insert(tensor.name);
  std::vector<StoredClipText> found;
  for (const StoredTensor& tensor : file.tensors()) {
    std::string_view prefix = tensor.name;
    if (!prefix.ends_with(kTokens)) continue;
    prefix.remove_suffix(kTokens.size());
    const bool open_clip = !prefix.ends_with(kEmbeddings);
    if (!open_clip) prefix.remove_suffix(kEmbeddings.size());
    const std::string before(prefix);
    if (!before.empty() && !before.ends_with('.')) continue;
    if (!names.contains(before + (open_clip ? "ln_final.weight" : "final_layer_norm.weight"))) continue;
    found.push_back({.prefix = before,
                     .open_clip = open_clip,
                     .openai = open_clip && names.contains(before + "input_resolution")});
  }
  for (StoredClipText& stored : found) {
    for (size_t i = 0; i < file.tensors().size(); ++i) {
      if (file.tensors()[i].name.starts_with(stored.prefix)) add_tensor(stored, file, i);
    }
  }
  return found;
}

ClipTextOptions options_of_shapes(const StoredClipText& stored) {
  ClipTextOptions options;
  const auto size = [&](const char* name, size_t dimension) {
    const auto found = stored.shapes.find(name);
    const bool there = found != stored.shapes.end() && dimension < found->second.size();
    return there ? found->second[dimension] : 0;
  };
  options.vocab_size = size("embeddings.token_embedding.weight", 0);
  options.dim = size("embeddings.token_embedding.weight", 1);
  options.length = size("embeddings.position_embedding.weight", 0);
  options.hidden_dim = size("encoder.layers.0.mlp.fc1.weight", 0);
  options.layers = 0;
  for (const auto& [name, source] : stored.sources)
    options.layers = std::max(options.layers, block_of(name) + 1);
  options.layers = std::min(options.layers, int64_t(stored.sources.size()));  // whatever their numbers say
  constexpr int64_t kHeadDim = 64;
  options.heads = options.dim % kHeadDim == 0 ? options.dim / kHeadDim : 0;
  const bool openais_width = options.dim == 512 || options.dim == 640 || options.dim == 768;
  const bool quick = stored.open_clip ? stored.openai : openais_width;
  options.activation = quick ? ClipActivation::kQuickGelu : ClipActivation::kGelu;
  return options;
}

TensorMap read_clip_text(TensorReader& file, const StoredClipText& stored, int64_t layers) {
  TensorMap weights;
  std::map<size_t, at::Tensor> joined;
  for (const auto& [name, source] : stored.sources) {
    if (block_of(name) >= layers) continue;
    if (source.part < 0) {
      weights[name] = file.read(source.tensor);
      continue;
    }
    at::Tensor& whole = joined[source.tensor];
    if (!whole.defined()) whole = file.read(source.tensor);
    weights[name] = whole.chunk(3)[size_t(source.part)];
  }
  return weights;
}

}  // namespace uvic
