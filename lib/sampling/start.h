// Sampling that starts from a picture.
#pragma once
#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>

#include "recipe/plan.h"

namespace uvic {

/// SDEdit (Meng et al. 2022, arXiv 2108.01073): a picture is noised as far as `strength` says and denoised
/// again; with a mask that is inpainting, see repaint.h.
struct Start {
  at::Tensor picture = {};  ///< float32 [C, H, W] in [-1, 1]; undefined: images start from noise
  at::Tensor state = {};    ///< what the network sees of it, [c, h, w]: itself, or its latents
  /// As diffusers has it: 1 is pure noise, all steps; 0 the picture as it is; between, the last
  /// round(steps * strength) steps, but at least one.
  double strength = 1;
  at::Tensor mask = {};             ///< bool [1, H, W]: true where it is made anew; undefined: everywhere
  int64_t resample = 1, jump = 10;  ///< see repaint_pieces

  bool empty() const { return !picture.defined(); }
};

/// The end of a plan that `strength`, above 0, leaves: its last times and their evaluations.
SamplingPlan shortened(const SamplingPlan& plan, double strength);

/// How many steps (SampleOptions::steps) `intervals` of a solver's grid are.
int64_t steps_of(const Solver& solver, int64_t intervals);

/// Of a mask of a picture, bool [1, H, W], that of its latents {c, h, w}: a latent is made anew if any of its
/// pixels is.
at::Tensor mask_of_state(const at::Tensor& mask, const std::array<int64_t, 3>& shape);

/// `image`, [n, C, H, W], where the mask says so, elsewhere the picture.
at::Tensor composed(const Start& start, const at::Tensor& images);

}  // namespace uvic
