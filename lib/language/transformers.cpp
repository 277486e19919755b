#include "language/transformers.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

namespace uvic {
namespace {

// Columns of [dim, H D], head by head: evens, then odds.
at::Tensor halves(const at::Tensor& weight, const CogformerOptions& model) {
  const int64_t D = model.head_dim();
  return weight.view({model.dim, model.n_heads, D / 2, 2}).transpose(2, 3).reshape({model.dim, model.dim});
}

}  // namespace

TensorMap transformers_weights(const TensorMap& weights, const CogformerOptions& model) {
  TensorMap found;
  const auto put = [&](const std::string& to, const at::Tensor& tensor) {
    found[to + ".weight"] = tensor.contiguous();
  };
  put("model.embed_tokens", weights.at("embedding.weight"));
  put("model.norm", weights.at("norm.weight"));
  put("lm_head", weights.at("output.weight"));
  for (int64_t i = 0; i < model.n_layers; ++i) {
    const std::string ours = "layers." + std::to_string(i) + ".", llamas = "model." + ours;
    const auto of = [&](const char* name) { return weights.at(ours + name); };
    put(llamas + "input_layernorm", of("attention_norm.weight"));
    put(llamas + "self_attn.q_proj", halves(of("attention.qw"), model).t());
    put(llamas + "self_attn.k_proj", halves(of("attention.kw"), model).t());
    put(llamas + "self_attn.v_proj", of("attention.vw").t());
    put(llamas + "self_attn.o_proj", of("attention.ow").t());
    put(llamas + "post_attention_layernorm", of("ffn_norm.weight"));
    put(llamas + "mlp.gate_proj", of("ffn.shared_experts.0.pw").t());
    put(llamas + "mlp.up_proj", of("ffn.shared_experts.0.gw").t());
    put(llamas + "mlp.down_proj", of("ffn.shared_experts.0.ow").t());
  }
  return found;
}

std::string transformers_config(const CogformerOptions& model) {
  nlohmann::ordered_json config = {{"architectures", {"LlamaForCausalLM"}},
                                   {"model_type", "llama"},
                                   {"vocab_size", model.vocab_size},
                                   {"hidden_size", model.dim},
                                   {"intermediate_size", model.hidden_dim},
                                   {"num_hidden_layers", model.n_layers},
                                   {"num_attention_heads", model.n_heads},
                                   {"num_key_value_heads", model.n_heads},
                                   {"max_position_embeddings", model.max_seq_length},
                                   {"rms_norm_eps", model.norm_eps},
                                   {"rope_theta", model.rope_theta},
                                   {"hidden_act", "silu"},
                                   {"attention_bias", false},
                                   {"mlp_bias", false},
                                   {"tie_word_embeddings", false},
                                   {"torch_dtype", "float32"}};
  if (model.bos_token >= 0) config["bos_token_id"] = model.bos_token;
  return config.dump(2) + "\n";
}

}  // namespace uvic
