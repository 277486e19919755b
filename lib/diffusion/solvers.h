// Solvers of the reverse process: one free function each, over a denoiser, a time grid and an injected noise
// source.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "diffusion/denoiser.h"
#include "diffusion/schedule.h"

namespace uvic {

/// Standard normals of the images' shape, [B, C, H, W] float32; called once for each time noise is really
/// added.
using NoiseSource = std::function<at::Tensor()>;
/// Called after each step with its number (from 1) and the state at the step's end, which it may replace.
using StepCallback = std::function<void(int64_t step, at::Tensor& x)>;

struct SolverRun {
  const NoiseSchedule& schedule;
  std::vector<double> times;  ///< decreasing, times[0] is where x starts; one step between neighbours
  NoiseSource noise;
  StepCallback on_step = [](int64_t, at::Tensor&) {};
};

/// Euler-Maruyama on the reverse SDE (Song et al. 2021, eq. 6), as U-ViT samples CIFAR-10.
at::Tensor sample_euler_maruyama_sde(const Denoiser& denoise, at::Tensor x, const SolverRun& run);
/// Euler on the probability-flow ODE in t (Song et al. 2021, eq. 13).
at::Tensor sample_euler_maruyama_ode(const Denoiser& denoise, at::Tensor x, const SolverRun& run);
/// DDIM with eta = 0 (Song et al. 2020, arXiv 2010.02502, eq. 12); equals DPM-Solver++ of order 1.
at::Tensor sample_ddim(const Denoiser& denoise, at::Tensor x, const SolverRun& run);
/// DPM-Solver++(2M) (Lu et al. 2022, arXiv 2211.01095, algorithm 2); the first step is of order 1, and so is
/// the last if it ends at t = 0 or there are fewer than 10 steps, as in the authors' code
/// (lower_order_final).
at::Tensor sample_dpmpp_2m(const Denoiser& denoise, at::Tensor x, const SolverRun& run);

/// One row of the table that drives `--solver`, `--help`, the README and the tests. All take one evaluation a
/// step.
struct Solver {
  std::string name;
  int order;
  bool stochastic;
  std::string default_grid;
  at::Tensor (*sample)(const Denoiser&, at::Tensor, const SolverRun&);
  std::string source;
};
const std::vector<Solver>& solvers();
std::vector<std::string> solver_names();
/// UsageError names the nearest solver.
const Solver& find_solver(const std::string& name);

}  // namespace uvic
