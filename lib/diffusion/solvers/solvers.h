// Solvers of the reverse process: one free function each, over a denoiser, a time grid and an injected noise
// source. x: [B, C, H, W], the state at run.times[0]; returns the state at run.times.back().
#pragma once
#include "diffusion/solvers/run.h"

namespace uvic {

/// Euler-Maruyama on the reverse SDE (Song et al. 2021, arXiv 2011.13456, eq. 6), as U-ViT samples CIFAR-10.
at::Tensor sample_euler_maruyama_sde(const Denoiser& denoise, at::Tensor x, const SolverRun& run);
/// Euler on the probability-flow ODE in t (Song et al. 2021, eq. 13).
at::Tensor sample_euler_maruyama_ode(const Denoiser& denoise, at::Tensor x, const SolverRun& run);

/// DDIM (Song et al. 2020, arXiv 2010.02502, eq. 12 and 16). At eta = 1 it is DDPM's ancestral sampling with
/// the smaller variance (Ho et al. 2020, arXiv 2006.11239, algorithm 2) and k-diffusion's Euler ancestral.
at::Tensor sample_ddim(const Denoiser& denoise, at::Tensor x, const SolverRun& run);

/// Euler and Heun in sigma / alpha with churn (Karras et al. 2022, arXiv 2206.00364, algorithm 2); the step
/// to sigma = 0 is Euler's. Where a schedule starts without signal, in sigma / (alpha + sigma) instead, which
/// is t of rectified flow.
at::Tensor sample_euler(const Denoiser& denoise, at::Tensor x, const SolverRun& run);
at::Tensor sample_heun(const Denoiser& denoise, at::Tensor x, const SolverRun& run);

/// DPM-Solver-1, -2, -3, single-step in the noise prediction (Lu et al. 2022, arXiv 2206.00927, algorithms 1
/// and 2 and eq. 3.7); one interval takes as many evaluations as the order.
at::Tensor sample_dpm_solver_1(const Denoiser& denoise, at::Tensor x, const SolverRun& run);
at::Tensor sample_dpm_solver_2(const Denoiser& denoise, at::Tensor x, const SolverRun& run);
at::Tensor sample_dpm_solver_3(const Denoiser& denoise, at::Tensor x, const SolverRun& run);
/// DPM-Solver-fast (Lu et al. 2022, appendix D.3): n / 3 + 1 intervals for n evaluations, of order 3 but for
/// the last one or two.
at::Tensor sample_dpm_solver_fast(const Denoiser& denoise, at::Tensor x, const SolverRun& run);
/// The same orders in the data prediction, over a grid with one interval an evaluation (U-ViT's sampler of
/// latents, `fast` of dpm_solver_pp).
at::Tensor sample_dpmpp_fast(const Denoiser& denoise, at::Tensor x, const SolverRun& run);

/// DPM-Solver++ multistep over two and three points (Lu et al. 2022, arXiv 2211.01095, algorithm 2 and
/// appendix A), both of order 2 (see dpmpp.cpp).
/// The order grows with the steps taken and falls with those left if there are fewer than 10 or the grid ends
/// at t = 0, as in the authors' code (lower_order_final). With run.eta above 0 they follow the reverse SDE
/// (k-diffusion's sample_dpmpp_2m_sde, midpoint, and sample_dpmpp_3m_sde).
at::Tensor sample_dpmpp_2m(const Denoiser& denoise, at::Tensor x, const SolverRun& run);
at::Tensor sample_dpmpp_3m(const Denoiser& denoise, at::Tensor x, const SolverRun& run);

/// UniPC of order 2 in the data prediction, B(h) = expm1(-h) (Zhao et al. 2023, arXiv 2302.04867, algorithms
/// 3 and 5): each evaluation also corrects the step before; the last step is of order 1.
at::Tensor sample_unipc(const Denoiser& denoise, at::Tensor x, const SolverRun& run);

}  // namespace uvic
