#include "recipe/start_weights.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <set>

#include "core/errors.h"
#include "core/text.h"
#include "nn/model_of_shapes.h"
#include "nn/pos_embed.h"
#include "recipe/fit_weights.h"

namespace uvic {
namespace {

// What goes by channels, patches, classes or contexts, and may be of others.
constexpr std::array<std::string_view, 6> kReplaceable = {"label_emb.",    "context_embed.", "patch_embed.",
                                                          "text_encoder.", "decoder_pred.",  "final_layer."};
const std::set<std::string> kAdapted = {"img_size", "patch_size",     "in_chans",   "num_classes", "conv",
                                        "clip_dim", "num_clip_token", "text_vocab", "text_depth"};

bool is_replaceable(const std::string& name) {
  return std::any_of(kReplaceable.begin(), kReplaceable.end(),
                     [&](std::string_view start) { return name.starts_with(start); });
}

class Start {
 public:
  Start(const TensorFile& weights, const ModelOptions& from, const ModelOptions& to, const TensorMap& fresh)
      : weights_(weights.tensors), from_(from), to_(to), fresh_(fresh) {}

  StartWeights make() {
    for (const auto& [name, initial] : fresh_) take(name, initial);
    for (const auto& [name, tensor] : weights_) {
      if (fresh_.contains(name)) continue;
      if (is_replaceable(name)) {
        left_out_.push_back(name);
      } else {
        result_.tensors[name] = tensor;  // check_weights names it
      }
    }
    if (from_.conditional() && !to_.conditional()) left_out_.emplace_back("the label's place in pos_embed");
    if (!fresh_parts_.empty()) clauses_.push_back("newly initialised: " + join(fresh_parts_, ", "));
    if (!left_out_.empty()) clauses_.push_back("left out: " + join(left_out_, ", "));
    result_.note = join(clauses_, "; ");
    return std::move(result_);
  }

 private:
  void take(const std::string& name, const at::Tensor& initial) {
    const auto found = weights_.find(name);
    at::Tensor& target = result_.tensors[name];
    if (found == weights_.end()) {
      if (is_replaceable(name)) {
        target = initial;
        fresh_parts_.push_back(name);
      } else {
        result_.tensors.erase(name);
      }
      return;
    }
    const at::Tensor& given = found->second;
    if (name == "pos_embed") {
      target = positions(given, initial);
    } else if (name == "label_emb.weight") {
      target = labels(given, initial);
    } else if (given.sizes() == initial.sizes() || !is_replaceable(name)) {
      target = given;
    } else {
      target = initial;
      fresh_parts_.push_back(name);
    }
  }

  // [K, C]: the rows of other classes say nothing about these.
  at::Tensor labels(const at::Tensor& given, const at::Tensor& initial) {
    const bool same = from_.num_classes == to_.num_classes && from_.null_row() == to_.null_row();
    if (same || given.dim() != 2 || given.size(0) != from_.num_classes || given.size(1) != initial.size(1))
      return given;
    at::Tensor rows = initial.clone();
    const bool keeps_null = from_.null_row() >= 0 && to_.null_row() >= 0;
    if (keeps_null) rows[to_.null_row()].copy_(given[from_.null_row()]);
    fresh_parts_.push_back(c10::str("the ", to_.real_classes(), " classes of label_emb (the weights have ",
                                    from_.real_classes(),
                                    keeps_null ? "; the null label's row is kept)" : ")"));
    return rows;
  }

  // [1, N, C], tokens [label,] time, [context,] patches.
  at::Tensor positions(const at::Tensor& given, const at::Tensor& initial) {
    if (given.dim() != 3 || given.size(0) != 1 || given.size(1) != from_.num_tokens() ||
        given.size(2) != initial.size(2))
      return given;
    std::vector<at::Tensor> parts;
    const int64_t time_there = from_.conditional() ? 1 : 0, time_here = to_.conditional() ? 1 : 0;
    if (to_.conditional()) parts.push_back((from_.conditional() ? given : initial).slice(1, 0, 1));
    if (to_.conditional() && !from_.conditional())
      fresh_parts_.emplace_back("the label's place in pos_embed");
    parts.push_back(given.slice(1, time_there, time_there + 1));
    const int64_t contexts = std::min(from_.num_clip_token, to_.num_clip_token);
    parts.push_back(given.slice(1, time_there + 1, time_there + 1 + contexts));
    parts.push_back(initial.slice(1, time_here + 1 + contexts, time_here + 1 + to_.num_clip_token));
    if (contexts < to_.num_clip_token)
      fresh_parts_.push_back(
          c10::str("the places of ", to_.num_clip_token - contexts, " context tokens in pos_embed"));
    const at::Tensor patches = given.slice(1, from_.extras());
    parts.push_back(resize_pos_embed(patches, 0, from_.grid(), to_.grid()));
    if (from_.grid() != to_.grid())
      clauses_.push_back("position embeddings interpolated from " + resizing_text(from_.grid(), to_));
    for (at::Tensor& part : parts) part = part.to(at::kFloat);
    return at::cat(parts, 1);
  }

  const TensorMap& weights_;
  const ModelOptions &from_, &to_;
  const TensorMap& fresh_;
  StartWeights result_;
  std::vector<std::string> fresh_parts_, left_out_, clauses_;
};

// Shapes do not show another number of heads, nor what the network predicts.
std::string other_use(const TensorFile& weights, const Recipe& here, const std::string& source) {
  const auto own = own_recipe(weights.metadata, source);
  if (!own) return "";
  std::vector<std::string> parts;
  for (const auto& [theirs, ours] : differing_fields(own->recipe, here)) {
    if (ours.key == "model.num_heads" || (ours.is(kInterface) && ours.key.starts_with("diffusion.")))
      parts.push_back(c10::str(ours.key, "=", value_text(theirs), " (here ", value_text(ours), ")"));
  }
  return parts.empty() ? "" : source + ": these weights were trained with " + join(parts, ", ");
}

}  // namespace

StartWeights start_weights(const TensorFile& weights, const Recipe& recipe, const TensorMap& fresh,
                           const std::string& source) {
  const ModelOptions& to = recipe.model;
  const ParameterShapes shapes = shapes_of(weights.tensors);
  refuse_contradictions(to, model_of_shapes(shapes, to), source, kAdapted);
  const ModelOptions from = model_of_weights(weights, to, source);
  StartWeights start = Start(weights, from, to, fresh).make();
  check_weights(shapes_of(fresh), start.tensors, source);
  if (!start.note.empty()) start.note = source + ": " + start.note;
  start.warning = other_use(weights, recipe, source);
  return start;
}

}  // namespace uvic
