#include "nn/model_of_shapes.h"

#include <c10/util/ArrayRef.h>
#include <c10/util/StringUtil.h>

#include <cmath>
#include <vector>

#include "core/errors.h"
#include "core/text.h"

namespace uvic {
namespace {

constexpr int64_t kClipTokens = 77;

int64_t square_root(int64_t number) {
  const auto side = static_cast<int64_t>(std::lround(std::sqrt(std::max<double>(double(number), 0))));
  return side > 0 && side * side == number ? side : 0;
}

class Reading {
 public:
  Reading(const ParameterShapes& shapes, const ModelOptions& base) : shapes_(shapes), result_{base, {}} {}

  ModelOfShapes read() {
    ModelOptions& m = result_.model;
    if (const auto* patch = shape("patch_embed.proj.weight", 4)) {
      tell("embed_dim", m.embed_dim, (*patch)[0]);
      tell("in_chans", m.in_chans, (*patch)[1]);
      tell("patch_size", m.patch_size, (*patch)[2]);
    }
    const bool labelled = shape("label_emb.weight", 2) != nullptr;
    if (labelled || !shape_of("pos_embed").empty())
      tell("num_classes", m.num_classes, labelled ? (*shape("label_emb.weight", 2))[0] : -1,
           labelled ? "" : "no label_emb");
    if (const auto* context = shape("context_embed.weight", 2)) tell("clip_dim", m.clip_dim, (*context)[1]);
    read_text_encoder();
    read_blocks();
    present("mlp_time_embed", m.mlp_time_embed, "time_embed.0.weight");
    present("conv", m.conv, "final_layer.weight");
    read_pos_embed();
    return std::move(result_);
  }

 private:
  std::vector<int64_t> shape_of(const std::string& name) const {
    const auto found = shapes_.find(name);
    return found == shapes_.end() ? std::vector<int64_t>{} : found->second;
  }
  // Also remembers it as what tells the next keys.
  const std::vector<int64_t>* shape(const std::string& name, size_t dimensions) {
    const auto found = shapes_.find(name);
    if (found == shapes_.end() || found->second.size() != dimensions) return nullptr;
    evidence_ = c10::str(name, " ", at::IntArrayRef(found->second));
    return &found->second;
  }
  template <class T>
  void tell(const std::string& key, T& value, T told, const std::string& evidence = "") {
    value = told;
    result_.told[key] = evidence.empty() ? evidence_ : evidence;
  }
  void present(const std::string& key, bool& value, const std::string& name) {
    const auto found = shapes_.find(name);
    const bool there = found != shapes_.end();
    tell(key, value, there, there ? c10::str(name, " ", at::IntArrayRef(found->second)) : "no " + name);
  }

  void read_text_encoder() {
    ModelOptions& m = result_.model;
    const auto* tokens = shape("text_encoder.token_embedding.weight", 2);
    if (tokens == nullptr) return tell("text_vocab", m.text_vocab, int64_t{0}, "no text_encoder");
    tell("text_vocab", m.text_vocab, (*tokens)[0]);
    if (const auto* places = shape("text_encoder.positional_embedding", 2))
      tell("num_clip_token", m.num_clip_token, (*places)[0]);
    int64_t depth = 0;
    while (shapes_.contains(c10::str("text_encoder.blocks.", depth, ".norm1.weight"))) ++depth;
    tell("text_depth", m.text_depth, depth, c10::str(depth, " text_encoder.blocks"));
  }

  void read_blocks() {
    ModelOptions& m = result_.model;
    int64_t half = 0;
    while (shapes_.contains(c10::str("in_blocks.", half, ".norm1.weight"))) ++half;
    if (half > 0) tell("depth", m.depth, 2 * half, c10::str(half, " in_blocks"));
    if (const auto* hidden = shape("mid_block.mlp.fc1.weight", 2);
        hidden != nullptr && (*hidden)[1] > 0 && (*hidden)[0] % (*hidden)[1] == 0)
      tell("mlp_ratio", m.mlp_ratio, (*hidden)[0] / (*hidden)[1]);
    if (shapes_.contains("mid_block.attn.qkv.weight")) {
      present("qkv_bias", m.qkv_bias, "mid_block.attn.qkv.bias");
      present("qk_norm", m.qk_norm, "mid_block.attn.q_norm.weight");
      present("attention_gate", m.attention_gate, "mid_block.attn.gate.weight");
    }
    if (shapes_.contains("out_blocks.0.norm1.weight"))
      present("skip", m.skip, "out_blocks.0.skip_linear.weight");
  }

  void read_pos_embed() {
    ModelOptions& m = result_.model;
    const bool context = shapes_.contains("context_embed.weight");
    if (!context) tell("num_clip_token", m.num_clip_token, int64_t{0}, "no context_embed");
    const auto* tokens = shape("pos_embed", 3);
    if (tokens == nullptr || !result_.told.contains("patch_size") || m.patch_size < 1 || m.patch_size > 8192)
      return;
    const std::string evidence = evidence_;
    const int64_t rest = (*tokens)[1] - (m.conditional() ? 2 : 1);
    const bool whole = m.height() % m.patch_size == 0 && m.width() % m.patch_size == 0;
    for (const int64_t length :
         context ? std::vector<int64_t>{m.num_clip_token, kClipTokens, whole ? rest - m.num_patches() : 0}
                 : std::vector<int64_t>{0}) {
      if (context && length <= 0) continue;
      const bool as_given = whole && rest - length == m.num_patches();
      const int64_t side = square_root(rest - length);
      if (!as_given && side == 0) continue;
      if (context) tell("num_clip_token", m.num_clip_token, length, evidence);
      const std::vector<int64_t> square = {side * m.patch_size};
      tell("img_size", m.img_size, as_given ? m.img_size : square, evidence);
      return;
    }
  }

  const ParameterShapes& shapes_;
  std::string evidence_;
  ModelOfShapes result_;
};

}  // namespace

ModelOfShapes model_of_shapes(const ParameterShapes& shapes, const ModelOptions& base) {
  return Reading(shapes, base).read();
}

std::string contradictions(const ModelOptions& model, const ModelOfShapes& weights,
                           const std::set<std::string>& apart) {
  std::vector<std::string> found;
  for (const auto& [ours, theirs] : differing_fields(model, weights.model)) {
    const auto told = weights.told.find(ours.key);
    if (told == weights.told.end() || apart.contains(ours.key)) continue;
    found.push_back(c10::str("model.", ours.key, " is ", value_text(ours), ", but the weights have ",
                             value_text(theirs), " (", told->second, ")"));
  }
  return join(found, "; ");
}

void refuse_contradictions(const ModelOptions& model, const ModelOfShapes& weights, const std::string& source,
                           const std::set<std::string>& apart) {
  const std::string found = contradictions(model, weights, apart);
  check_usage(found.empty(), source, ": ", found);
}

}  // namespace uvic
