#include "tasks/language/task.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "core/log.h"
#include "core/text.h"
#include "io/json_text.h"
#include "language/load.h"
#include "nn/cogformer.h"
#include "nn/cogformer_shapes.h"
#include "recipe/layout.h"
#include "recipe/weights_file.h"
#include "tasks/language/describe.h"
#include "tasks/language/loss.h"
#include "tasks/language/preview.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// `key`: what names the file.
void check_tokens(const TokenFile& tokens, const CogformerOptions& model, const char* key) {
  const TokenInfo& info = tokens.info();
  check_usage(info.vocab_size <= model.vocab_size, key, ": ", tokens.name(), " has a vocabulary of ",
              info.vocab_size, " tokens, model.vocab_size is ", model.vocab_size);
  check_usage(info.bos < 0 || info.bos == model.bos_token, key, ": documents of ", tokens.name(),
              " begin with token ", info.bos, ", model.bos_token is ", model.bos_token);
  tokens.check_undamaged();
  if (info.vocab_size == 0) tokens.check_tokens(model.vocab_size);
}

std::string describe_tokens(const TokenFile& tokens, int64_t context) {
  const TokenInfo& info = tokens.info();
  std::string text =
      c10::str(tokens.name(), ": ", info.kind, ", ", format_count(double(tokens.size())), " tokens");
  if (!tokens.documents().empty()) text += ", " + count_of(tokens.documents().size(), "document");
  if (!info.tokenizer.empty()) text += ", tokenizer " + info.tokenizer;
  if (info.text_bytes > 0) text += ", " + format_bytes(double(info.text_bytes)) + " of text";
  return text + c10::str(", windows of ", context);
}

void check_longest_document(const TokenFile& tokens, int64_t context) {
  const auto documents = tokens.documents();
  if (documents.empty()) return;
  int64_t longest = tokens.size() - documents.back();
  for (size_t i = 1; i < documents.size(); ++i) longest = std::max(longest, documents[i] - documents[i - 1]);
  if (longest < context)
    log_warning("model.max_seq_length: ", context, " tokens of context are more than any document of ",
                tokens.name(), " has (", longest, "), so that no token ever sees as many before it");
}

}  // namespace

LanguageTask::LanguageTask(const LanguageConfig& config, c10::Device device)
    : config_(config), device_(device) {}

LanguageTask::~LanguageTask() = default;

std::string LanguageTask::describe() const {
  return describe_run(config_, device_);
}

void LanguageTask::open(const fs::path&) {
  const TokenDataOptions& data = config_.data;
  check_usage(!data.path.empty(), "data.path: is not set; `uvic-lm pack` makes tokens of text");
  tokens_ = open_tokens(data.path, TokenSplit::kTrain);
  check_tokens(*tokens_, config_.model, "data.path");
  held_out_ = data.val_path.empty() ? open_tokens(data.path, TokenSplit::kHeldOut)
                                    : open_tokens(data.val_path, TokenSplit::kTrain);
  windows_ =
      std::make_unique<TokenWindows>(tokens_, config_.model.max_seq_length, uint64_t(config_.train.seed));
  check_longest_document(*tokens_, config_.model.max_seq_length);
  if (held_out_) {
    check_tokens(*held_out_, config_.model, data.val_path.empty() ? "data.path" : "data.val_path");
    if (config_.train.val_interval > 0)
      validation_ = std::make_unique<TokenValidation>(held_out_, config_, device_);
  }
  const TokenInfo& info = tokens_->info();
  const std::string spec = data.tokenizer.empty() && info.tokenizer == "bytes" ? "bytes" : data.tokenizer;
  if (spec.empty()) return;
  tokenizer_ = open_tokenizer(spec);
  check_tokenizer(*tokenizer_, spec,
                  {{kTokenizerKey, info.tokenizer}, {kTokenizerHashKey, info.tokenizer_hash}},
                  config_.model.vocab_size, tokens_->name(), "data.tokenizer");
  if (config_.train.sample_interval > 0) prompts_ = preview_prompts(config_, *tokenizer_);
}

std::string LanguageTask::describe_data() const {
  const int64_t context = config_.model.max_seq_length;
  std::string text = "data: " + describe_tokens(*tokens_, context);
  text += held_out_ ? "\nheld out: " + describe_tokens(*held_out_, context) : "\nnothing is held out";
  const double tokens_a_run =
      double(config_.train.steps) * double(config_.train.batch_size) * double(context);
  text += c10::str("\nthe run sees ", format_count(tokens_a_run), " tokens, the text ",
                   c10::str(std::round(10 * tokens_a_run / double(tokens_->size())) / 10), " times");
  if (config_.train.sample_interval > 0 && !tokenizer_)
    text += "\nno texts are written while training: data.tokenizer is not set";
  return text;
}

std::string LanguageTask::data_identity() const {
  nlohmann::ordered_json identity = {{"tokens", tokens_->identity()}};
  if (held_out_) identity["held_out"] = held_out_->identity();
  return identity.dump();
}

std::vector<std::string> LanguageTask::data_differences(const std::string& then) const {
  const auto before = parse_json(then, "the checkpoint's data"), now = parse_json(data_identity(), "data");
  std::vector<std::string> clauses;
  for (const auto& [key, what] : {std::pair("tokens", "trained on "), std::pair("held_out", "held out ")}) {
    const std::string earlier = before.value(key, "nothing"), later = now.value(key, "nothing");
    if (earlier != later) clauses.push_back(c10::str(what, earlier, " then, ", later, " now"));
  }
  return clauses;
}

std::map<std::string, std::string> LanguageTask::weights_metadata() const {
  const TokenInfo& info = tokens_->info();
  if (tokenizer_)
    return {{kTokenizerKey, tokenizer_->name()}, {kTokenizerHashKey, tokenizer_->fingerprint()}};
  if (info.tokenizer.empty()) return {};
  return {{kTokenizerKey, info.tokenizer}, {kTokenizerHashKey, info.tokenizer_hash}};
}

void LanguageTask::build(uint64_t seed) {
  at::manual_seed(seed);
  model_ = std::make_shared<Cogformer>(config_.model);
  model_->to(device_);
}

std::shared_ptr<torch::nn::Module> LanguageTask::module() const {
  return model_;
}

void LanguageTask::plan_start(const fs::path& weights_file, const std::string& network) {
  start_network_ = network;
  const TensorFile weights = WeightsFile(weights_file, network, kInitOption, kCogformerNetwork).read();
  check_weights(parameter_shapes(config_.model), weights.tensors, weights_file.string());
}

void LanguageTask::init_from(const fs::path& weights_file) {
  const TensorFile weights = WeightsFile(weights_file, start_network_, kInitOption, kCogformerNetwork).read();
  load_weights(*model_, weights.tensors, weights_file.string());
}

void LanguageTask::begin(const SliceSequence&, int64_t, int64_t) {}

std::vector<at::Tensor> LanguageTask::inputs(const Slice& slice) {
  const auto began = Clock::now();
  const at::Tensor windows = windows_->read(slice);
  wait_seconds_ += std::chrono::duration<double>(Clock::now() - began).count();
  return {windows};
}

at::Tensor LanguageTask::losses(const std::vector<at::Tensor>& inputs) {
  return next_token_losses(*model_, inputs[0], config_.train.precision, device_);
}

Values LanguageTask::validate(const World& world) {
  const double loss = validation_->loss(*model_, world), bits = validation_->bits_per_byte(loss);
  Values values = {{"val_loss", loss}};
  if (std::isfinite(bits)) values.emplace_back("val_bits_per_byte", bits);
  return values;
}

void LanguageTask::preview(int64_t step, const TaskContext& context) {
  if (tokenizer_ && context.world.first()) write_texts(model_, *tokenizer_, prompts_, config_, step, context);
}

}  // namespace uvic
