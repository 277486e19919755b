#include "nn/autoencoder_plan.h"

#include <cmath>
#include <utility>

namespace uvic {

int64_t border_of(const AutoencoderSteps& steps, const DecodeStretch& stretch) {
  double border = 0, scale = 1;
  for (size_t i = stretch.first; i < stretch.last; ++i) {
    if (steps[i].kind == StepKind::kUpsample) scale *= 2;
    if (steps[i].kind == StepKind::kConvolve) border += double((steps[i].side - 1) / 2) / scale;
  }
  return int64_t(std::ceil(border));
}

int64_t scale_of(const AutoencoderSteps& steps, size_t first, size_t last) {
  int64_t scale = 1;
  for (size_t i = first; i < last; ++i) scale *= steps[i].kind == StepKind::kUpsample ? 2 : 1;
  return scale;
}

namespace {

constexpr int64_t kBytes = 4;         // of a number
constexpr int64_t kSmallestTile = 8;  // pixels of what a stretch begins with

// The most numbers alive at once in a stretch, for each pixel of what it begins with.
int64_t numbers_alive(const AutoencoderSteps& steps, size_t first, size_t last) {
  int64_t most = 0, pixels = 1, skip = 0;  // `skip`: channels kept aside, in memory of their own
  bool shared = false;                     // what is kept aside is what comes
  for (size_t i = first; i < last; ++i) {
    const AutoencoderStep& step = steps[i];
    int64_t alive = 0;
    switch (step.kind) {
      case StepKind::kConvolve:
      case StepKind::kDownsample:  // of encoders alone
        alive = pixels * (skip + step.in + step.out);
        break;
      case StepKind::kUpsample:
        alive = pixels * step.in + 4 * pixels * step.in;
        pixels *= 4;
        break;
      case StepKind::kNormalise:
        alive = pixels * (skip + 2 * step.in);
        if (std::exchange(shared, false)) skip = step.in;
        break;
      case StepKind::kFork:
        shared = step.name.empty();
        skip = shared ? 0 : step.out;
        alive = pixels * (skip + step.in);
        break;
      case StepKind::kJoin:
        alive = pixels * (skip + step.in);
        skip = 0;
        break;
      case StepKind::kAttend:
        alive = pixels * 6 * step.in;  // what comes; its norm, q, k, v, what they give
        break;
    }
    most = std::max(most, alive);
  }
  return most;
}

class Planner {
 public:
  Planner(const AutoencoderSteps& steps, int64_t height, int64_t width, int64_t numbers)
      : steps_(steps), height_(height), width_(width), limit_(numbers) {}

  DecodePlan plan() {
    DecodePlan plan;
    for (size_t at = 0; at < steps_.size();) {
      const DecodeStretch next = stretch_from(at);
      const bool joins = !next.tiled() && !plan.stretches.empty() && !plan.stretches.back().tiled();
      if (joins) {
        plan.stretches.back().last = next.last;
      } else {
        plan.stretches.push_back(next);
      }
      plan.peak_bytes = std::max(plan.peak_bytes, kBytes * numbers(next));
      at = next.last;
    }
    return plan;
  }

 private:
  // Where what comes out can be kept: behind convolutions and blocks, not amid one.
  bool may_end(size_t last) const {
    const StepKind kind = steps_[last - 1].kind;
    if (kind != StepKind::kConvolve) return kind == StepKind::kJoin || kind == StepKind::kAttend;
    for (size_t i = last; i < steps_.size() && steps_[i].kind != StepKind::kFork; ++i) {
      if (steps_[i].kind == StepKind::kJoin) return false;
    }
    return true;
  }

  bool local(size_t first, size_t last) const {
    return std::none_of(steps_.begin() + long(first), steps_.begin() + long(last),
                        [](const AutoencoderStep& step) { return step.kind == StepKind::kAttend; });
  }

  int64_t pixels_at(size_t index) const {
    const int64_t scale = scale_of(steps_, 0, index);
    return height_ * width_ * scale * scale;
  }

  int64_t numbers(const DecodeStretch& stretch) const {
    const int64_t alive = numbers_alive(steps_, stretch.first, stretch.last);
    if (!stretch.tiled()) return alive * pixels_at(stretch.first);
    const int64_t scale = scale_of(steps_, 0, stretch.first), border = border_of(steps_, stretch);
    const auto side = [&](int64_t length, int64_t count) {
      return std::min(length, (length + count - 1) / count + 2 * border);
    };
    const int64_t tile = side(height_ * scale, stretch.rows) * side(width_ * scale, stretch.columns);
    return pixels_at(stretch.first) * steps_[stretch.first].in +
           pixels_at(stretch.last) * steps_[stretch.last - 1].out + tile * alive;
  }

  // The largest tiles that fit; the smallest if none do.
  DecodeStretch tiles_of(size_t first, size_t last) const {
    const int64_t scale = scale_of(steps_, 0, first), height = height_ * scale, width = width_ * scale;
    DecodeStretch stretch{.first = first, .last = last};
    while (numbers(stretch) > limit_ || !stretch.tiled()) {
      const bool cut_rows = height * stretch.columns >= width * stretch.rows;
      if ((cut_rows ? height / (stretch.rows + 1) : width / (stretch.columns + 1)) < kSmallestTile) break;
      ++(cut_rows ? stretch.rows : stretch.columns);
    }
    return stretch;
  }

  // The shortest that fits: whole, else in tiles; the longest, in the smallest tiles, if none does.
  DecodeStretch stretch_from(size_t first) const {
    DecodeStretch found;
    for (size_t last = first + 1; last <= steps_.size(); ++last) {
      if (!may_end(last)) continue;
      const DecodeStretch whole{.first = first, .last = last};
      if (found.last == 0 && (numbers(whole) <= limit_ || !local(first, last))) return whole;
      if (!local(first, last)) break;
      const DecodeStretch tiled = tiles_of(first, last);
      if (numbers(tiled) <= limit_) return tiled;
      if (found.last == 0 || numbers(tiled) < numbers(found)) found = tiled;
    }
    return found;
  }

  const AutoencoderSteps& steps_;
  int64_t height_, width_, limit_;
};

}  // namespace

DecodePlan plan_decoding(const AutoencoderSteps& steps, int64_t height, int64_t width, int64_t bytes) {
  return Planner(steps, height, width, bytes / kBytes).plan();
}

}  // namespace uvic
