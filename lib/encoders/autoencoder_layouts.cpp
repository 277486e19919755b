#include "encoders/autoencoder_layouts.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <regex>
#include <set>

#include "core/dtype.h"
#include "core/errors.h"
#include "core/text.h"

namespace uvic {
namespace {

constexpr std::string_view kAnchor = "encoder.conv_in.weight";
constexpr std::array kOtherAnchors = {"decoder.conv_in.weight", "decoder.conv_out.weight"};

// What CompVis and diffusers' first releases call things, in the order in which they are renamed.
const std::vector<std::pair<std::regex, const char*>>& renamings() {
  static const std::vector<std::pair<std::regex, const char*>> table = [] {
    std::vector<std::pair<std::regex, const char*>> rows;
    for (const auto& [from, to] : std::vector<std::pair<const char*, const char*>>{
             {R"(^encoder\.down\.)", "encoder.down_blocks."},
             {R"(\.mid\.block_1\.)", ".mid_block.resnets.0."},
             {R"(\.mid\.block_2\.)", ".mid_block.resnets.1."},
             {R"(\.mid\.attn_1\.)", ".mid_block.attentions.0."},
             {R"(\.block\.(\d+)\.)", ".resnets.$1."},
             {R"(\.attn\.(\d+)\.)", ".attentions.$1."},
             {R"(\.downsample\.)", ".downsamplers.0."},
             {R"(\.upsample\.)", ".upsamplers.0."},
             {R"(\.nin_shortcut\.)", ".conv_shortcut."},
             {R"(coder\.norm_out\.)", "coder.conv_norm_out."},
             {R"((attentions\.\d+)\.norm\.)", "$1.group_norm."},
             {R"((attentions\.\d+)\.(q|query)\.)", "$1.to_q."},
             {R"((attentions\.\d+)\.(k|key)\.)", "$1.to_k."},
             {R"((attentions\.\d+)\.(v|value)\.)", "$1.to_v."},
             {R"((attentions\.\d+)\.(proj_out|proj_attn)\.)", "$1.to_out.0."}})
      rows.emplace_back(std::regex(from), to);
    return rows;
  }();
  return table;
}

// CompVis counts the levels of the decoder from the full resolution, diffusers in the order of execution.
std::string with_level_turned(const std::string& name, int64_t levels) {
  static const std::regex up(R"(^decoder\.up\.(\d{1,3})\.)");
  std::smatch match;
  if (!std::regex_search(name, match, up)) return name;
  return c10::str("decoder.up_blocks.", levels - 1 - std::stoll(match[1]), ".", match.suffix().str());
}

std::string diffusers_name(const std::string& name, int64_t levels) {
  std::string renamed = with_level_turned(name, levels);
  for (const auto& [from, to] : renamings()) renamed = std::regex_replace(renamed, from, to);
  return renamed;
}

bool is_a_part(const std::string& name) {
  return name.starts_with("encoder.") || name.starts_with("decoder.") || name.starts_with("quant_conv.") ||
         name.starts_with("post_quant_conv.");
}

// A 1 x 1 convolution over pixels is a matrix over tokens.
std::vector<int64_t> own_shape(const std::string& name, std::vector<int64_t> shape) {
  static const std::regex matrix(R"(\.attentions\.\d+\.to_.*\.weight$)");
  if (shape.size() == 4 && shape[2] == 1 && shape[3] == 1 && std::regex_search(name, matrix)) shape.resize(2);
  return shape;
}

std::vector<std::string> prefixes_in(const TensorReader& file) {
  std::set<std::string> names;
  for (const StoredTensor& tensor : file.tensors()) names.insert(tensor.name);
  std::vector<std::string> prefixes;
  for (const std::string& name : names) {
    if (!name.ends_with(kAnchor)) continue;
    const std::string prefix = name.substr(0, name.size() - kAnchor.size());
    const bool whole = std::all_of(kOtherAnchors.begin(), kOtherAnchors.end(),
                                   [&](const char* anchor) { return names.contains(prefix + anchor); });
    if (whole && (prefix.empty() || prefix.ends_with("."))) prefixes.push_back(prefix);
  }
  return prefixes;
}

std::string only_prefix(const TensorReader& file) {
  const std::vector<std::string> prefixes = prefixes_in(file);
  check_usage(!prefixes.empty(), file.name(), ": ", file.outline().empty() ? "" : file.outline() + "; ",
              "there is no autoencoder in it, only ", count_of(file.tensors().size(), "tensor"), "; one has ",
              kAnchor, ", ", kOtherAnchors[0], " and ", kOtherAnchors[1], ", with any prefix");
  if (prefixes.size() == 1) return prefixes.front();
  std::vector<std::string> known;
  std::copy_if(prefixes.begin(), prefixes.end(), std::back_inserter(known), [](const std::string& prefix) {
    return prefix.ends_with("first_stage_model.") || prefix == "vae.";
  });
  check_usage(known.size() == 1, file.name(), ": holds ", prefixes.size(), " autoencoders, under \"",
              join(prefixes, "\", \""), "\"; keep one of them");
  return known.front();
}

}  // namespace

StoredAutoencoder autoencoder_of(const TensorReader& file) {
  StoredAutoencoder found{.prefix = only_prefix(file)};
  const size_t skipped = found.prefix.size();
  std::map<std::string, size_t> own;
  int64_t levels = 0;
  for (size_t i = 0; i < file.tensors().size(); ++i) {
    const std::string& name = file.tensors()[i].name;
    if (!name.starts_with(found.prefix)) continue;
    const std::string rest = name.substr(skipped);
    check_usage(rest != "quantize.embedding.weight", file.name(), ": \"", name,
                "\" is a codebook: this is a VQ model, where an AutoencoderKL is needed");
    if (is_a_part(rest)) own[rest] = i;
  }
  while (own.contains(c10::str("decoder.up.", levels, ".block.0.conv1.weight"))) ++levels;
  for (const auto& [name, index] : own) {
    const std::string known = diffusers_name(name, levels);
    file.check(index);
    check_usage(found.tensors.emplace(known, index).second, file.name(), ": ", known,
                " appears twice, once as \"", file.tensors()[index].name, "\"");
    found.shapes[known] = own_shape(known, file.tensors()[index].shape);
  }
  return found;
}

TensorMap read_autoencoder(TensorReader& file, const StoredAutoencoder& stored) {
  TensorMap weights;
  for (const auto& [name, index] : stored.tensors) {
    const at::Tensor tensor = file.read(index);
    check_usage(tensor.is_floating_point(), file.name(), ": \"", file.tensors()[index].name, "\" is ",
                dtype_name(tensor.scalar_type()), " where weights are floating-point numbers");
    weights[name] = tensor.to(at::kFloat).view(stored.shapes.at(name));
  }
  return weights;
}

}  // namespace uvic
