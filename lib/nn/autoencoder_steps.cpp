#include "nn/autoencoder_steps.h"

#include <c10/util/StringUtil.h>

#include <algorithm>

namespace uvic {
namespace {

class StepList {
 public:
  explicit StepList(std::string prefix) : prefix_(std::move(prefix)) {}

  void convolve(const std::string& name, int64_t in, int64_t out, int64_t side = 3) {
    add(StepKind::kConvolve, prefix_ + name, in, out, side);
  }
  void normalise(const std::string& name, int64_t channels) {
    add(StepKind::kNormalise, prefix_ + name, channels, channels);
  }
  void residual(const std::string& name, int64_t in, int64_t out) {
    add(StepKind::kFork, in == out ? "" : prefix_ + name + ".conv_shortcut", in, out, 1);
    normalise(name + ".norm1", in);
    convolve(name + ".conv1", in, out);
    normalise(name + ".norm2", out);
    convolve(name + ".conv2", out, out);
    add(StepKind::kJoin, "", out, out);
  }
  void attend(const std::string& name, int64_t channels) {
    add(StepKind::kAttend, prefix_ + name, channels, channels);
  }
  /// `count` residual blocks, each with attention behind it if asked for.
  void level(const std::string& name, int64_t in, int64_t out, int64_t count, bool attention) {
    for (int64_t i = 0; i < count; ++i) {
      residual(c10::str(name, ".resnets.", i), i == 0 ? in : out, out);
      if (attention) attend(c10::str(name, ".attentions.", i), out);
    }
  }
  void middle(int64_t channels, bool attention) {
    residual("mid_block.resnets.0", channels, channels);
    if (attention) attend("mid_block.attentions.0", channels);
    residual("mid_block.resnets.1", channels, channels);
  }
  void downsample(const std::string& name, int64_t channels) {
    add(StepKind::kDownsample, prefix_ + name + ".downsamplers.0.conv", channels, channels, 3);
  }
  void upsample(const std::string& name, int64_t channels) {
    add(StepKind::kUpsample, "", channels, channels);
    convolve(name + ".upsamplers.0.conv", channels, channels);
  }
  void add(StepKind kind, const std::string& name, int64_t in, int64_t out, int64_t side = 0) {
    steps_.push_back({kind, name, in, out, side});
  }
  AutoencoderSteps take() { return std::move(steps_); }

 private:
  std::string prefix_;
  AutoencoderSteps steps_;
};

bool holds(const std::vector<int64_t>& levels, int64_t level) {
  return std::find(levels.begin(), levels.end(), level) != levels.end();
}

std::vector<int64_t> weight_shape(const AutoencoderStep& step, bool of_norm) {
  if (of_norm) return {step.in};
  if (step.kind == StepKind::kAttend) return {step.in, step.in};
  return {step.out, step.in, step.side, step.side};
}

}  // namespace

std::vector<std::string> parts_of(const AutoencoderStep& step) {
  if (step.kind != StepKind::kAttend)
    return step.name.empty() ? std::vector<std::string>() : std::vector{step.name};
  std::vector<std::string> parts;
  for (const char* part : {".group_norm", ".to_q", ".to_k", ".to_v", ".to_out.0"})
    parts.push_back(step.name + part);
  return parts;
}

AutoencoderSteps encoder_steps(const AutoencoderOptions& o) {
  StepList steps("encoder.");
  int64_t channels = o.block_out_channels.front();
  steps.convolve("conv_in", o.in_channels, channels);
  for (int64_t i = 0; i < o.levels(); ++i) {
    const std::string name = c10::str("down_blocks.", i);
    const int64_t in = std::exchange(channels, o.block_out_channels[size_t(i)]);
    steps.level(name, in, channels, o.layers_per_block, holds(o.encoder_attention, i));
    if (i + 1 < o.levels()) steps.downsample(name, channels);
  }
  steps.middle(channels, o.mid_block_add_attention);
  steps.normalise("conv_norm_out", channels);
  steps.convolve("conv_out", channels, 2 * o.latent_channels);
  if (o.use_quant_conv)
    steps.add(StepKind::kConvolve, "quant_conv", 2 * o.latent_channels, 2 * o.latent_channels, 1);
  return steps.take();
}

AutoencoderSteps decoder_steps(const AutoencoderOptions& o) {
  StepList steps("decoder.");
  if (o.use_post_quant_conv)
    steps.add(StepKind::kConvolve, "post_quant_conv", o.latent_channels, o.latent_channels, 1);
  int64_t channels = o.block_out_channels.back();
  steps.convolve("conv_in", o.latent_channels, channels);
  steps.middle(channels, o.mid_block_add_attention);
  for (int64_t i = 0; i < o.levels(); ++i) {
    const int64_t level = o.levels() - 1 - i;
    const std::string name = c10::str("up_blocks.", i);
    const int64_t in = std::exchange(channels, o.block_out_channels[size_t(level)]);
    steps.level(name, in, channels, o.layers_per_block + 1, holds(o.decoder_attention, level));
    if (level > 0) steps.upsample(name, channels);
  }
  steps.normalise("conv_norm_out", channels);
  steps.convolve("conv_out", channels, o.out_channels);
  return steps.take();
}

ParameterShapes parameter_shapes(const AutoencoderSteps& steps) {
  ParameterShapes shapes;
  for (const AutoencoderStep& step : steps) {
    for (const std::string& part : parts_of(step)) {
      const bool norm = step.kind == StepKind::kNormalise || part.ends_with(".group_norm");
      const auto weight = weight_shape(step, norm);
      shapes[part + ".bias"] = {weight[0]};
      shapes[part + ".weight"] = weight;
    }
  }
  return shapes;
}

ParameterShapes parameter_shapes(const AutoencoderOptions& options) {
  ParameterShapes shapes = parameter_shapes(encoder_steps(options));
  shapes.merge(parameter_shapes(decoder_steps(options)));
  return shapes;
}

AutoencoderOptions autoencoder_of_shapes(const ParameterShapes& shapes, const AutoencoderOptions& base) {
  AutoencoderOptions found = base;
  const auto has = [&](const auto&... name) { return shapes.contains(c10::str(name..., ".weight")); };
  const auto read = [&](int64_t& value, const std::string& name, size_t dimension) {
    const auto shape = shapes.find(name + ".weight");
    if (shape != shapes.end() && dimension < shape->second.size()) value = shape->second[dimension];
  };
  read(found.in_channels, "encoder.conv_in", 1);
  read(found.out_channels, "decoder.conv_out", 0);
  read(found.latent_channels, "decoder.conv_in", 1);
  found.block_out_channels.clear();
  const auto down = [](int64_t level) { return c10::str("encoder.down_blocks.", level); };
  for (int64_t i = 0; has(down(i), ".resnets.0.conv1"); ++i) {
    read(found.block_out_channels.emplace_back(0), down(i) + ".resnets.0.conv1", 0);
    if (has(down(i), ".attentions.0.to_q")) found.encoder_attention.push_back(i);
  }
  if (found.block_out_channels.empty()) found.block_out_channels = base.block_out_channels;
  for (int64_t i = 0; i < found.levels(); ++i) {
    if (has("decoder.up_blocks.", i, ".attentions.0.to_q"))
      found.decoder_attention.push_back(found.levels() - 1 - i);
  }
  found.layers_per_block = 0;
  while (has(down(0), ".resnets.", found.layers_per_block, ".conv1")) ++found.layers_per_block;
  if (found.layers_per_block == 0) found.layers_per_block = base.layers_per_block;
  found.mid_block_add_attention = has("decoder.mid_block.attentions.0.to_q");
  found.use_quant_conv = has("quant_conv");
  found.use_post_quant_conv = has("post_quant_conv");
  return found;
}

}  // namespace uvic
