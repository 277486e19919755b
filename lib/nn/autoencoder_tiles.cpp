#include "nn/autoencoder_tiles.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/errors.h"
#include "core/text.h"
#include "nn/autoencoder_kl.h"
#include "nn/autoencoder_plan.h"

namespace uvic {

using at::Tensor;

namespace {

// Where a tile lies in what a stretch begins with: its core, and the region around it that the core depends
// on.
struct Span {
  int64_t begin = 0, end = 0, from = 0, to = 0;
};

Span span_of(int64_t index, int64_t count, int64_t length, int64_t border) {
  const int64_t begin = length * index / count, end = length * (index + 1) / count;
  return {begin, end, std::max<int64_t>(0, begin - border), std::min(length, end + border)};
}

// Mean and standard deviation of groups of channels, gathered from tiles.
class StatisticsOverTiles {
 public:
  void add(const Tensor& tile) {
    const auto [variance, mean] = at::var_mean(tile.to(at::kFloat), {0, 2, 3}, /*correction=*/0);
    means_.push_back(mean.to(at::kCPU, at::kDouble));
    variances_.push_back(variance.to(at::kCPU, at::kDouble));
    pixels_.push_back(double(tile.size(2) * tile.size(3)));
  }
  // Those of parts into those of the whole: the variance within parts plus that of their means.
  NormStatistics finish(int64_t groups, c10::Device device) const {
    const Tensor weights =
        at::tensor(pixels_, at::kDouble).div_(at::tensor(pixels_, at::kDouble).sum()).view({-1, 1, 1});
    const int64_t channels = means_.front().size(0);
    const auto grouped = [&](const std::vector<Tensor>& parts) {
      return at::stack(parts).view({-1, groups, channels / groups});
    };
    const auto total = [&](const Tensor& values) {
      return values.mul(weights).sum(0).mean(1);  // [groups]
    };
    const Tensor means = grouped(means_), mean = total(means);
    const Tensor variance = total(grouped(variances_) + (means - mean.view({1, groups, 1})).square());
    const auto a_channel = [&](const Tensor& values) {
      return values.repeat_interleave(channels / groups).to(device, at::kFloat);
    };
    return {a_channel(mean), a_channel((variance + kGroupNormEps).rsqrt())};
  }

 private:
  std::vector<Tensor> means_, variances_;
  std::vector<double> pixels_;
};

class TiledRun {
 public:
  TiledRun(const AutoencoderLayers& layers, const AutoencoderSteps& steps, const DecodeStretch& stretch)
      : layers_(layers), steps_(steps), stretch_(stretch), border_(border_of(steps, stretch)) {}

  /// input: [1, C, h, w]. Once for each norm, and once for the result.
  Tensor run(const Tensor& input) {
    while (gather(input)) {
    }
    const int64_t scale = scale_of(steps_, stretch_.first, stretch_.last);
    Tensor output =
        at::empty({1, steps_[stretch_.last - 1].out, input.size(2) * scale, input.size(3) * scale},
                  input.options(), input.suggest_memory_format());
    over_tiles(input, [&](Activations& tile, const Span& y, const Span& x) {
      advance(tile);
      output.slice(2, y.begin * scale, y.end * scale)
          .slice(3, x.begin * scale, x.end * scale)
          .copy_(core(tile.hidden, y, x, scale));
    });
    return output;
  }

 private:
  template <class Work>
  void over_tiles(const Tensor& input, const Work& work) const {
    for (int64_t row = 0; row < stretch_.rows; ++row) {
      for (int64_t column = 0; column < stretch_.columns; ++column) {
        const Span y = span_of(row, stretch_.rows, input.size(2), border_),
                   x = span_of(column, stretch_.columns, input.size(3), border_);
        Activations tile{
            input.slice(2, y.from, y.to).slice(3, x.from, x.to).contiguous(input.suggest_memory_format())};
        work(tile, y, x);
      }
    }
  }

  static Tensor core(const Tensor& tile, const Span& y, const Span& x, int64_t scale) {
    return tile.slice(2, (y.begin - y.from) * scale, (y.end - y.from) * scale)
        .slice(3, (x.begin - x.from) * scale, (x.end - x.from) * scale);
  }

  // Up to the first norm of which nothing is known, which it returns; else to the end of the stretch.
  size_t advance(Activations& tile) const {
    size_t norms = 0;
    for (size_t i = stretch_.first; i < stretch_.last; ++i) {
      const bool norm = layers_[i].normalises();
      if (norm && norms == known_.size()) return i;
      layers_[i].run(tile, norm ? &known_[norms++] : nullptr);
    }
    return stretch_.last;
  }

  // Learns the statistics of one more norm; false if there is none.
  bool gather(const Tensor& input) {
    size_t norms = 0;
    for (size_t i = stretch_.first; i < stretch_.last; ++i) norms += layers_[i].normalises() ? 1 : 0;
    if (known_.size() == norms) return false;
    StatisticsOverTiles statistics;
    size_t at = 0;
    over_tiles(input, [&](Activations& tile, const Span& y, const Span& x) {
      at = advance(tile);
      statistics.add(core(tile.hidden, y, x, scale_of(steps_, stretch_.first, at)));
    });
    known_.push_back(statistics.finish(layers_[at].groups, input.device()));
    return true;
  }

  const AutoencoderLayers& layers_;
  const AutoencoderSteps& steps_;
  const DecodeStretch& stretch_;
  int64_t border_;
  std::vector<NormStatistics> known_;
};

// One picture: [1, C, h, w], as the layers take it.
Tensor run_plan(const AutoencoderLayers& layers, const AutoencoderSteps& steps, const DecodePlan& plan,
                Tensor hidden) {
  for (const DecodeStretch& stretch : plan.stretches) {
    if (stretch.tiled()) {
      hidden = TiledRun(layers, steps, stretch).run(hidden);
    } else {
      hidden = run_layers({layers.data() + stretch.first, stretch.last - stretch.first}, std::move(hidden));
    }
  }
  return hidden;
}

}  // namespace

Tensor decode_within(const AutoencoderKL& autoencoder, const Tensor& latents, int64_t bytes) {
  const auto& options = autoencoder.options();
  TORCH_CHECK(latents.dim() == 4 && latents.size(1) == options.latent_channels && latents.size(2) > 0 &&
                  latents.size(3) > 0,
              "decode_within: latents must be [B, ", options.latent_channels, ", h >= 1, w >= 1], got ",
              latents.sizes());
  const at::NoGradGuard no_grad;
  const int64_t B = latents.size(0), height = latents.size(2), width = latents.size(3),
                side = options.downscale();
  const AutoencoderSteps steps = decoder_steps(options);
  const DecodePlan plan = plan_decoding(steps, height, width, bytes);
  check_usage(plan.peak_bytes <= bytes, "decoding a picture of ", height * side, " x ", width * side,
              " takes ", format_bytes(double(plan.peak_bytes)), " even in tiles, but only ",
              format_bytes(double(bytes)), " are allowed");
  const bool alone = plan.tiled() || autoencoder.device().is_cpu();
  const int64_t slice = alone ? 1 : std::clamp(bytes / plan.peak_bytes, int64_t{1}, std::max<int64_t>(B, 1));
  Tensor images = at::empty({B, options.out_channels, height * side, width * side}, at::kFloat);
  for (int64_t first = 0; first < B; first += slice) {
    const Tensor part = autoencoder.prepared(latents.slice(0, first, first + slice));
    images.slice(0, first, first + slice).copy_(run_plan(autoencoder.decoder(), steps, plan, part));
  }
  return images;
}

}  // namespace uvic
