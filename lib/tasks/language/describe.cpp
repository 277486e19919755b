#include "tasks/language/describe.h"

#include "core/device.h"
#include "core/text.h"
#include "nn/cogformer_shapes.h"
#include "train/needs.h"
#include "train/optimizer.h"

namespace uvic {
namespace {

// Bytes of activations that the backward pass of one micro-batch keeps: per token and layer 2 norms, their
// inputs, q, k and v before and after the rotation, attention out, and the hidden layer four times; the
// logits twice, in float32. Checkpointed layers keep their inputs.
double activation_bytes(const LanguageConfig& config, c10::Device device) {
  const auto& m = config.model;
  const double B = double(config.train.batch_size / config.train.grad_accum), T = double(m.max_seq_length);
  const double layer = 10 * double(m.dim) + 4 * double(m.hidden_dim);
  const double layers =
      m.use_checkpoint ? double(m.n_layers) * double(m.dim) + layer : double(m.n_layers) * layer;
  const bool unfused =
      m.attention != AttentionKind::kSoftmax &&
      !kernel_for(m.attention, m.attention_kernel, m.head_dim(), device, config.train.precision).fused;
  const double scores = unfused ? 5 * B * double(m.n_heads) * T * T : 0;
  const double width = config.train.precision == Precision::kBf16 ? 2.5 : 4;
  return width * B * T * layers + 4 * (2 * B * T * double(m.vocab_size) + scores);
}

}  // namespace

std::string describe_run(const LanguageConfig& config, c10::Device device) {
  const CogformerOptions& m = config.model;
  const int64_t parameters = count_parameters(m),
                moments = count_moments(config.optimizer, parameter_shapes(m));
  const std::string attention = describe_blocks(
      m.n_layers, [&](int64_t i) { return m.attention_kind(i); },
      [&](AttentionKind kind) {
        return kernel_for(kind, m.attention_kernel, m.head_dim(), device, config.train.precision)
            .description();
      });
  return c10::str("model: ", format_count(double(parameters)), " parameters (",
                  format_count(double(parameters - m.vocab_size * m.dim)), " but for the embedding), ",
                  m.max_seq_length, " tokens of context, ", format_count(forward_flops(m)),
                  "FLOP a token (forward)\n", attention, "; ", device.str(), ", ", cpu_capability(), "\n",
                  describe_needs(config.train, parameters, moments, activation_bytes(config, device)));
}

}  // namespace uvic
