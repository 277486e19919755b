#include "recipe/weights_file.h"

#include <algorithm>

#include "core/errors.h"
#include "core/text.h"
#include "recipe/layout.h"

namespace uvic {
namespace {

constexpr size_t kMaxListed = 8;

using Networks = std::vector<StoredNetwork>;

// "ema: 53 tensors, patch_embed.proj.weight [256, 1, 2, 2]".
std::string describe(const StoredNetwork& network, const TensorReader& file, const NetworkKind& kind) {
  std::string text = c10::str(network.key().empty() ? "at the top" : "\"" + network.key() + "\"", ": ",
                              count_of(network.tensors.size(), "tensor"));
  for (size_t i = 0; i < network.names.size(); ++i) {
    if (network.names[i] == kind.anchors.front())
      text +=
          c10::str(", ", network.names[i], " ", at::IntArrayRef(file.tensors()[network.tensors[i]].shape));
  }
  return text;
}

std::string list_of(const Networks& networks, const TensorReader& file, const NetworkKind& kind) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < std::min(networks.size(), kMaxListed); ++i)
    lines.push_back(describe(networks[i], file, kind));
  if (networks.size() > kMaxListed) lines.push_back(c10::str(networks.size() - kMaxListed, " more"));
  return join(lines, "; ");
}

std::string first_names(const std::vector<std::string>& names) {
  const size_t shown = std::min(names.size(), size_t{3});
  return join({names.begin(), names.begin() + long(shown)}, ", ") + (names.size() > shown ? " ..." : "");
}

// What torch.optim's state_dict() holds, or a run's training.safetensors.
bool is_optimizer_state(const TensorReader& file) {
  const auto& tensors = file.tensors();
  return std::any_of(tensors.begin(), tensors.end(), [](const StoredTensor& tensor) {
    return tensor.name.starts_with("exp_avg.") || tensor.name.ends_with(".exp_avg");
  });
}

[[noreturn]] void refuse_without_network(const TensorReader& file, const NetworkKind& kind) {
  const std::string holds = file.name() + ": " + (file.outline().empty() ? "" : file.outline() + "; ");
  for (const NetworkKind* other : {&kUViTNetwork, &kCogformerNetwork}) {
    check_usage(other == &kind || networks_of(file, *other).empty(), holds, "this is a ", other->name,
                " where a ", kind.name, " is needed");
  }
  std::vector<std::string> names;
  for (const StoredTensor& tensor : file.tensors())
    names.push_back(c10::str(tensor.name, " ", at::IntArrayRef(tensor.shape)));
  if (!file.unread().empty())
    usage_error(holds, count_of(file.unread().size(), "array"), " of a kind that is not read (",
                first_names(file.unread()), "); in Python, make tensors of them and torch.save those");
  check_usage(!names.empty(), holds, "there are no tensors in it");
  check_usage(!is_optimizer_state(file), holds,
              "this is an optimiser's state; the weights of the network are in another file beside it");
  const auto& [first, second, third] = std::tie(kind.anchors[0], kind.anchors[1], kind.anchors[2]);
  usage_error(holds, "there is no ", kind.name, " in it, only ", count_of(names.size(), "tensor"), " (",
              first_names(names), "): one has ", first, ", ", second, " and ", third, ", with any prefix");
}

template <class Condition>
Networks only(const Networks& networks, const Condition& condition) {
  Networks found;
  std::copy_if(networks.begin(), networks.end(), std::back_inserter(found), condition);
  return found;
}

// Those that `weights` can mean.
Networks meant_by(const std::string& weights, const Networks& networks) {
  const auto named = only(networks, [&](const auto& n) { return n.prefix.starts_with(weights + "."); });
  const auto exact = only(named, [&](const auto& n) { return n.key() == weights; });
  const auto averages = only(named.empty() ? networks : named, [](const auto& n) { return n.is_average(); });
  const auto others = only(networks, [](const auto& n) { return !n.is_average(); });
  if (!exact.empty()) return exact;
  if (!named.empty()) return averages.empty() ? named : averages;
  if (weights == "ema") return averages.empty() ? others : averages;
  if (weights == "raw") return others;
  // In a folder it was a decay or a width that picked this file.
  const bool average = weights.starts_with("ema-") || weights.starts_with("power-");
  return average && networks.size() == 1 ? networks : Networks();
}

}  // namespace

WeightsFile::WeightsFile(const std::filesystem::path& path, const std::string& weights,
                         const std::string& option, const NetworkKind& kind)
    : file_(open_tensor_file(path)) {
  const std::string picks = weights_option(option);
  const Networks networks = networks_of(*file_, kind);
  if (networks.empty()) refuse_without_network(*file_, kind);
  const Networks meant = meant_by(weights, networks);
  if (meant.size() != 1) {
    const Networks& shown = meant.empty() ? networks : meant;
    const std::string first = shown.front().key();
    usage_error(name(), file_->outline().empty() ? "" : ": " + file_->outline(),
                meant.empty() ? "; nothing in it is meant by " + picks + " " + weights + ", but it holds "
                              : c10::str("; ", picks, first.empty() ? "" : " " + first, " takes one of its ",
                                         meant.size(), " networks, "),
                list_of(shown, *file_, kind));
  }
  network_ = meant.front();
  std::vector<std::string> keys;
  for (const StoredNetwork& other : networks) {
    if (other.prefix != network_.prefix) keys.push_back(other.key().empty() ? "raw" : other.key());
  }
  if (!keys.empty()) others_ = picks + " takes another: " + first_names(keys);
  for (size_t i = 0; i < network_.names.size(); ++i) {
    file_->check(network_.tensors[i]);
    check_usage(shapes_.emplace(network_.names[i], file_->tensors()[network_.tensors[i]].shape).second,
                name(), ": \"", network_.prefix, network_.names[i], "\" appears twice");
  }
}

std::string WeightsFile::note() const {
  if (network_.prefix.empty()) return others_.empty() ? "" : name() + ": " + others_;
  const std::string place = network_.prefix.substr(0, network_.nested),
                    prefix = network_.prefix.substr(network_.nested);
  std::vector<std::string> parts;
  if (!place.empty())
    parts.push_back("the weights are those under \"" + place.substr(0, place.size() - 1) + "\"");
  if (!prefix.empty())
    parts.push_back("the prefix \"" + prefix + "\" was taken off the names of the weights");
  if (const size_t beside = file_->tensors().size() - network_.tensors.size(); beside > 0)
    parts.push_back(count_of(beside, "other tensor") + " passed over");
  if (!others_.empty()) parts.push_back(others_);
  return name() + ": " + join(parts, "; ");
}

TensorFile WeightsFile::read() const {
  TensorFile result{.tensors = {}, .metadata = file_->metadata()};
  for (size_t i = 0; i < network_.names.size(); ++i)
    result.tensors[network_.names[i]] = file_->read(network_.tensors[i]);
  return result;
}

}  // namespace uvic
