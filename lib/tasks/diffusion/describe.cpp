#include "tasks/diffusion/describe.h"

#include <algorithm>

#include "core/device.h"
#include "core/text.h"
#include "nn/attention.h"
#include "nn/parameter_shapes.h"
#include "train/checkpoint.h"

namespace uvic {
namespace {

// Bytes of activations that the backward pass of one micro-batch keeps, counted block by block: per token 2
// norms, qkv (3), attention out, projection in, 2 residuals, the MLP's hidden twice, and the joined skip (2).
// Checkpointed blocks keep their inputs.
double activation_bytes(const DiffusionConfig& config, c10::Device device) {
  const auto& m = config.model;
  const double B = double(config.train.batch_size / config.train.grad_accum), N = double(m.num_tokens()),
               C = double(m.embed_dim);
  const double full = 9 + 2 * double(m.mlp_ratio) + (m.skip ? 1 : 0);
  const double blocks = double(m.depth + 1) * (m.use_checkpoint ? 1.5 : full) + (m.use_checkpoint ? full : 0);
  // The unfused attention's passing [N, N] matrices.
  const bool unfused = m.attention == AttentionKind::kCog &&
                       !kernel_for(AttentionKind::kCog, m, device, config.train.precision).fused;
  const double scores = unfused ? 5 * B * double(m.num_heads) * N * N : 0;
  const double width = config.train.precision == Precision::kBf16 ? 2.5 : 4;
  return width * B * N * C * blocks + 4 * scores;
}

}  // namespace

std::string describe_run(const DiffusionConfig& config, c10::Device device) {
  const std::string attention = describe_attention(config.model, device, config.train.precision);
  const int64_t parameters = count_parameters(config.model);
  const size_t averages = config.train.ema.size() + config.train.ema_widths.size();
  const double weights = 4.0 * double(parameters) * double(4 + averages);
  const double checkpoint = checkpoint_bytes(parameters, averages);
  const int64_t kept = config.train.keep == 0 && config.train.checkpoint_interval > 0
                           ? config.train.steps / config.train.checkpoint_interval + 1
                           : std::max<int64_t>(config.train.keep, 1) + 1;
  const double activations = activation_bytes(config, device);
  std::string snapshots;
  if (const int64_t interval = config.train.snapshot_interval; interval > 0) {
    const double bytes = 2.0 * double(parameters) * double(config.train.ema_widths.size());
    const int64_t count = (config.train.steps + interval - 1) / interval;
    snapshots = c10::str("; ", count, " snapshots, ", format_bytes(bytes * double(count)));
  }
  return c10::str("model: ", format_count(double(parameters)), " parameters, ", config.model.num_tokens(),
                  " tokens, ", format_count(forward_flops(config.model)), "FLOP an image (forward)\n",
                  attention, "; ", device.str(), ", ", cpu_capability(), "\nmemory: about ",
                  format_bytes(weights + activations), " (weights, gradients, moments, EMA ",
                  format_bytes(weights), "; activations ", format_bytes(activations), ")\n",
                  "disk: ", format_bytes(checkpoint), " a checkpoint, at most ",
                  format_bytes(checkpoint * double(kept)), " at a time", snapshots);
}

}  // namespace uvic
