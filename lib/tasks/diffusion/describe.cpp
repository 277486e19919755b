#include "tasks/diffusion/describe.h"

#include "core/device.h"
#include "core/text.h"
#include "nn/attention_kernels.h"
#include "nn/parameter_shapes.h"
#include "train/needs.h"
#include "train/optimizer.h"

namespace uvic {
namespace {

// Bytes of activations that the backward pass of one micro-batch keeps, counted block by block: per token 2
// norms, qkv (3), attention out, projection in, 2 residuals, the MLP's hidden twice, the joined skip (2),
// queries and keys before and after their norm (4), the gate. Checkpointed blocks keep their inputs.
double activation_bytes(const DiffusionConfig& config, c10::Device device) {
  const auto& m = config.model;
  const double B = double(config.train.batch_size / config.train.grad_accum), N = double(m.num_tokens()),
               C = double(m.embed_dim);
  const double full =
      9 + 2 * double(m.mlp_ratio) + (m.skip ? 1 : 0) + (m.qk_norm ? 4 : 0) + (m.attention_gate ? 1 : 0);
  const double blocks = double(m.depth + 1) * (m.use_checkpoint ? 1.5 : full) + (m.use_checkpoint ? full : 0);
  // The unfused attention's passing [N, N] matrices.
  const double scores =
      writes_scores(m, device, config.train.precision) ? 5 * B * double(m.num_heads) * N * N : 0;
  const double width = config.train.precision == Precision::kBf16 ? 2.5 : 4;
  return width * B * N * C * blocks + 4 * scores;
}

}  // namespace

std::string describe_run(const DiffusionConfig& config, c10::Device device) {
  const std::string attention =
      describe_attention(config.model, device, config.train.precision, Purpose::kTraining);
  const int64_t parameters = count_parameters(config.model),
                moments = count_moments(config.optimizer, parameter_shapes(config.model));
  return c10::str("model: ", format_count(double(parameters)), " parameters, ", config.model.num_tokens(),
                  " tokens, ", format_count(forward_flops(config.model)), "FLOP an image (forward)\n",
                  attention, "; ", device.str(), ", ", cpu_capability(), "\n",
                  describe_needs(config.train, parameters, moments, activation_bytes(config, device)));
}

}  // namespace uvic
