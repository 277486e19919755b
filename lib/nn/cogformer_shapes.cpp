#include "nn/cogformer_shapes.h"

#include <c10/util/StringUtil.h>
#include <c10/util/accumulate.h>

#include "core/errors.h"
#include "core/text.h"

namespace uvic {
namespace {

std::string layer_name(int64_t index, const char* parameter) {
  return c10::str("layers.", index, ".", parameter);
}

}  // namespace

ParameterShapes parameter_shapes(const CogformerOptions& o) {
  o.validate();
  ParameterShapes shapes;
  shapes["embedding.weight"] = shapes["output.weight"] = {o.vocab_size, o.dim};
  shapes["norm.weight"] = {o.dim};
  for (int64_t i = 0; i < o.n_layers; ++i) {
    for (const char* name : {"attention_norm.weight", "ffn_norm.weight"})
      shapes[layer_name(i, name)] = {o.dim};
    for (const char* name : {"attention.qw", "attention.kw", "attention.vw", "attention.ow"})
      shapes[layer_name(i, name)] = {o.dim, o.dim};
    for (const char* name : {"ffn.shared_experts.0.gw", "ffn.shared_experts.0.pw"})
      shapes[layer_name(i, name)] = {o.dim, o.hidden_dim};
    shapes[layer_name(i, "ffn.shared_experts.0.ow")] = {o.hidden_dim, o.dim};
  }
  return shapes;
}

int64_t count_parameters(const CogformerOptions& options) {
  int64_t count = 0;
  for (const auto& [name, shape] : parameter_shapes(options)) count += c10::multiply_integers(shape);
  return count;
}

double forward_flops(const CogformerOptions& o) {
  const double matrices = double(count_parameters(o) - o.vocab_size * o.dim - (2 * o.n_layers + 1) * o.dim);
  // Q K^T and W V, each 2 dim a pair of positions, of which a causal one has half the context on average.
  const double attention = double(o.n_layers) * 2 * 2 * double(o.dim) * double(o.max_seq_length) / 2;
  return 2 * matrices + attention;
}

CogformerOfShapes cogformer_of_shapes(const ParameterShapes& shapes, const CogformerOptions& base) {
  CogformerOfShapes found{.model = base, .told = {}};
  const auto tell = [&](const char* key, int64_t& value, const std::string& tensor, size_t dimension) {
    const auto at = shapes.find(tensor);
    if (at == shapes.end() || at->second.size() != 2) return;
    value = at->second[dimension];
    found.told[key] = c10::str(tensor, " ", at::IntArrayRef(at->second));
  };
  tell("vocab_size", found.model.vocab_size, "embedding.weight", 0);
  tell("dim", found.model.dim, "embedding.weight", 1);
  tell("hidden_dim", found.model.hidden_dim, layer_name(0, "ffn.shared_experts.0.gw"), 1);
  int64_t layers = 0;
  while (shapes.contains(layer_name(layers, "attention.qw"))) ++layers;
  if (layers > 0) {
    found.model.n_layers = layers;
    found.told["n_layers"] = layer_name(layers - 1, "attention.qw") + " is the last";
  }
  return found;
}

void refuse_contradictions(const CogformerOptions& model, const ParameterShapes& weights,
                           const std::string& source) {
  const CogformerOfShapes shapes = cogformer_of_shapes(weights, model);
  std::vector<std::string> problems;
  for (const auto& [said, told] : differing_fields(model, shapes.model))
    problems.push_back(c10::str("model.", said.key, " is ", value_text(said), ", but the weights have ",
                                value_text(told), " (", shapes.told.at(said.key), ")"));
  check_usage(problems.empty(), source, ": ", join(problems, "; "));
}

}  // namespace uvic
