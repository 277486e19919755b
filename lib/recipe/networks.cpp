#include "recipe/weights_file.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "core/errors.h"

namespace uvic {
namespace {

// The first is the one whose shape is shown where there are several networks.
constexpr std::array<std::string_view, 4> kUViTAnchors = {"patch_embed.proj.weight", "pos_embed",
                                                          "mid_block.attn.qkv.weight", "decoder_pred.weight"};
constexpr std::array<std::string_view, 12> kUViTParts = {
    "patch_embed", "time_embed", "label_emb",  "text_encoder", "context_embed", "pos_embed",
    "in_blocks",   "mid_block",  "out_blocks", "norm",         "decoder_pred",  "final_layer"};

constexpr std::array<std::string_view, 3> kCogformerAnchors = {"embedding.weight", "layers.0.attention.qw",
                                                               "layers.0.ffn.shared_experts.0.gw"};
constexpr std::array<std::string_view, 4> kCogformerParts = {"embedding", "layers", "norm", "output"};
constexpr std::array<std::string_view, 2> kCogformerBuffers = {"freqs_cis", "shortcut_bar"};

constexpr size_t kMaxNetworks = 64;

std::vector<std::string> words_of(const std::string& key) {
  std::vector<std::string> words(1);
  for (const char c : key) {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      words.back() += char(std::tolower(static_cast<unsigned char>(c)));
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  return words;
}

bool is_one_of(const std::string& word, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// Networks by their prefixes, in the file's order.
std::vector<StoredNetwork> named_networks(const TensorReader& file, const NetworkKind& kind) {
  std::map<std::string, int> anchors;
  std::vector<StoredNetwork> found;
  for (const auto& [name, nested, shape] : file.tensors()) {
    for (const std::string_view anchor : kind.anchors) {
      if (!name.ends_with(anchor)) continue;
      const std::string prefix = name.substr(0, name.size() - anchor.size());
      if ((prefix.empty() || prefix.ends_with('.')) && ++anchors[prefix] == 2)
        found.push_back({.prefix = prefix, .nested = std::min(nested, prefix.size())});
      check_usage(found.size() <= kMaxNetworks, file.name(), ": holds more than ", kMaxNetworks, " networks");
    }
  }
  return found;
}

// Whether a tensor is one of a network's: it lies where that lies, or deeper, in a dict that is called as a
// part of it.
bool belongs(const StoredTensor& tensor, const StoredNetwork& network, const NetworkKind& kind) {
  if (!tensor.name.starts_with(network.prefix)) return false;
  const std::string rest = tensor.name.substr(network.prefix.size());
  if (std::find(kind.buffers.begin(), kind.buffers.end(), rest) != kind.buffers.end()) return false;
  if (tensor.nested == network.nested) return true;
  return tensor.nested > network.prefix.size() &&
         std::find(kind.parts.begin(), kind.parts.end(), rest.substr(0, rest.find('.'))) != kind.parts.end();
}

// Those of its prefix, unless another network has a longer one.
void take_tensors(StoredNetwork& network, const TensorReader& file,
                  const std::vector<StoredNetwork>& networks, const NetworkKind& kind) {
  const auto& tensors = file.tensors();
  for (size_t i = 0; i < tensors.size(); ++i) {
    const std::string& name = tensors[i].name;
    if (!belongs(tensors[i], network, kind)) continue;
    const bool of_another = std::any_of(networks.begin(), networks.end(), [&](const auto& n) {
      return n.prefix.size() > network.prefix.size() && name.starts_with(n.prefix);
    });
    if (of_another) continue;
    network.tensors.push_back(i);
    network.names.push_back(name.substr(network.prefix.size()));
  }
}

// Tensors of one list, in its order, by where they lie.
std::map<std::string, std::vector<size_t>> lists_of(const TensorReader& file) {
  std::map<std::string, std::vector<size_t>> lists;
  for (size_t i = 0; i < file.tensors().size(); ++i) {
    const auto& [name, nested, shape] = file.tensors()[i];
    const std::string place = name.substr(0, nested);
    auto& list = lists[place];
    if (nested > 0 && name.substr(nested) == std::to_string(list.size())) list.push_back(i);
  }
  return lists;
}

bool same_shapes(const TensorReader& file, const std::vector<size_t>& a, const std::vector<size_t>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](size_t i, size_t j) { return file.tensors()[i].shape == file.tensors()[j].shape; });
}

}  // namespace

const NetworkKind kUViTNetwork = {"U-ViT", kUViTAnchors, kUViTParts, {}};
const NetworkKind kCogformerNetwork = {"Cogformer", kCogformerAnchors, kCogformerParts, kCogformerBuffers};

bool StoredNetwork::is_average() const {
  const auto words = words_of(key());
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    if (is_one_of(*word, {"online", "raw", "student"})) return false;
    if (is_one_of(*word, {"ema", "emas", "shadow", "avg", "average", "averaged", "swa", "polyak"}))
      return true;
  }
  return false;
}

std::vector<StoredNetwork> networks_of(const TensorReader& file, const NetworkKind& kind) {
  std::vector<StoredNetwork> networks = named_networks(file, kind);
  const auto named = networks;
  for (StoredNetwork& network : networks) take_tensors(network, file, named, kind);
  const size_t count = networks.size();
  for (const auto& [place, list] : lists_of(file)) {
    for (size_t i = 0; i < count; ++i) {
      if (!same_shapes(file, list, networks[i].tensors)) continue;
      networks.push_back(
          {.prefix = place, .nested = place.size(), .tensors = list, .names = networks[i].names});
      break;
    }
  }
  return networks;
}

}  // namespace uvic
