#include "encoders/text_encoder.h"

#include <ATen/ATen.h>

#include "core/errors.h"
#include "core/log.h"
#include "core/text.h"
#include "encoders/clip_config.h"
#include "encoders/clip_layouts.h"
#include "encoders/text_encoder_files.h"
#include "io/digests.h"
#include "nn/autocast.h"
#include "text/clip_tokenizer.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

StoredClipText only_text_encoder(const TensorReader& file) {
  const auto found = clip_texts_of(file);
  if (found.empty()) {
    std::vector<std::string> names;
    for (size_t i = 0; i < std::min<size_t>(file.tensors().size(), 3); ++i)
      names.push_back(file.tensors()[i].name);
    usage_error(file.name(), ": there is no CLIP text encoder in it, only ",
                count_of(file.tensors().size(), "tensor"),
                names.empty() ? "" : " (" + join(names, ", ") + " ...)",
                ": one has embeddings.token_embedding.weight and final_layer_norm.weight, or "
                "token_embedding.weight and ln_final.weight, with any prefix");
  }
  std::vector<std::string> places;
  for (const StoredClipText& stored : found) places.push_back(stored.place());
  if (found.size() > 1)
    log_info(file.name(), ": of its text encoders, ", join(places, ", "), ", the first is taken");
  return found.front();
}

// The configuration that belongs to the weights.
std::optional<ClipConfig> config_of(const TextEncoderFiles& files, const std::string& tokenizer,
                                    const ClipTextOptions& shapes) {
  const std::string weights = files.weights.string();
  if (auto config = read_clip_config(files.folder)) {
    const std::string problem = contradiction(*config, shapes, weights);
    check_usage(problem.empty(), problem);
    return config;
  }
  const fs::path path = tokenizer;
  const auto config = read_clip_config(fs::is_directory(path) ? path : path.parent_path());
  return config && contradiction(*config, shapes, weights).empty() ? config : std::nullopt;
}

ClipTextOptions options_of(const StoredClipText& stored, const TextEncoderFiles& files,
                           const std::string& tokenizer, const TextEncoderOptions& wanted) {
  ClipTextOptions options = options_of_shapes(stored);
  const std::string weights = files.weights.string();
  const auto config = config_of(files, tokenizer, options);
  if (config) apply_config(*config, options);
  if (wanted.heads > 0) options.heads = wanted.heads;
  if (!wanted.activation.empty()) options.activation = wanted.activation;
  check_usage(options.heads > 0 && options.dim % options.heads == 0, weights, ": ",
              options.heads == 0 ? std::string("nothing says how many heads its attention has")
                                 : c10::str(options.heads, " heads do not go into its width"),
              " (", options.dim, "); put its config.json beside it, or say it by --heads");
  if (!config && (wanted.heads == 0 || wanted.activation.empty()))
    log_info(weights, ": has no config.json beside it; taken for granted: ", options.heads, " heads, ",
             options.activation);
  const bool penultimate = wanted.layer == EncoderLayer::kAuto ? stored.takes_penultimate()
                                                               : wanted.layer == EncoderLayer::kPenultimate;
  check_usage(options.layers > int64_t(penultimate), weights, ": has ",
              count_of(size_t(options.layers), "block"), penultimate ? ", none before the last" : "");
  options.layers -= int64_t(penultimate);
  return options;
}

std::shared_ptr<const CaptionTokenizer> tokenizer_of(const std::string& spec, const ClipTextOptions& options,
                                                     const std::string& weights) {
  auto tokenizer = open_tokenizer(spec);
  check_usage(tokenizer->name() == "clip", spec, ": is not CLIP's tokenizer, which ", weights, " needs");
  check_usage(tokenizer->vocab_size() <= options.vocab_size, spec, ": has ", tokenizer->vocab_size(),
              " tokens, the text encoder of ", weights, " only ", options.vocab_size);
  if (tokenizer->vocab_size() < options.vocab_size)
    log_warning(spec, ": has ", tokenizer->vocab_size(), " tokens, the text encoder of ", weights, " ",
                options.vocab_size, "; do they belong together?");
  log_info("tokenizer ", spec, ": ", kClipTokenizerNote);
  return std::make_shared<CaptionTokenizer>(std::move(tokenizer), options.length);
}

}  // namespace

TextEncoder::TextEncoder(ClipText model, std::shared_ptr<const CaptionTokenizer> tokenizer,
                         Precision precision, c10::Device device)
    : model_(std::move(model)), tokenizer_(std::move(tokenizer)), precision_(precision), device_(device) {}

at::Tensor TextEncoder::states(const at::Tensor& ids) const {
  const AutocastScope autocast(AutocastState::for_precision(precision_, device_));
  return model_.forward(ids.to(device_));
}

const std::string& TextEncoder::weights_sha256() const {
  std::call_once(hashed_, [this] {
    const ClipTextOptions& options = model_.options();
    Sha256 hash;
    hash.add(c10::str("clip text ", options.heads, ' ', options.activation, ' ', options.norm_eps));
    for (const auto& [name, tensor] : model_.weights()) {
      const at::Tensor cpu = tensor.to(at::kCPU).contiguous();
      hash.add(c10::str('\n', name, ' ', cpu.sizes(), '\n'));
      hash.add(cpu.const_data_ptr(), cpu.nbytes());
    }
    sha256_ = hash.hex();
  });
  return sha256_;
}

std::string TextEncoder::describe() const {
  const ClipTextOptions& options = model_.options();
  return c10::str("CLIP, ", count_of(size_t(options.layers), "block"), " of width ", options.dim, ", ",
                  options.activation, "; ", tokenizer_->describe());
}

std::shared_ptr<const TextEncoder> load_text_encoder(const std::string& spec, const std::string& tokenizer,
                                                     c10::Device device, const TextEncoderOptions& options) {
  const TextEncoderFiles files = find_text_encoder(spec);
  const std::string weights = files.weights.string(),
                    beside = tokenizer.empty() ? files.find_tokenizer() : tokenizer;
  const auto file = open_tensor_file(files.weights);
  const StoredClipText stored = only_text_encoder(*file);
  check_usage(!beside.empty(), spec,
              ": no tokenizer lies beside it; name one, a folder with vocab.json and merges.txt");
  const ClipTextOptions model = options_of(stored, files, beside, options);
  auto rows = tokenizer_of(beside, model, weights);
  return std::make_shared<TextEncoder>(
      ClipText(model, read_clip_text(*file, stored, model.layers), weights, device), std::move(rows),
      options.precision, device);
}

}  // namespace uvic
