#pragma once
#include <string>
#include <vector>

#include "core/options.h"
#include "core/precision.h"
#include "diffusion/solvers/table.h"
#include "diffusion/time_grid.h"

namespace uvic {

/// How images are sampled: the `sample` section, and the options of uvic-sample and uvic-fid.
struct SampleOptions {
  std::string solver = "euler_maruyama_sde";
  int64_t steps = 1000;
  double cfg = 1.0;
  std::vector<double> guidance_interval = {};
  double guidance_rescale = 0;
  std::string guide_checkpoint = "none", guide_weights = "ema";
  int64_t batch_size = 500;
  double t_end = 0;
  std::string time_grid = "auto";
  double rho = 7;
  double eta = -1;
  double s_churn = 0, s_tmin = 0, s_tmax = 1e9, s_noise = 1;
  Choice<InferencePrecision> precision = InferencePrecision::kFp32;
  bool clip_x0 = false;

  bool has_guide() const { return guide_checkpoint != "none"; }

  void visit(FieldList& fields) {
    // None of it changes what is trained.
    const auto add = [&](const char* name, auto& value, const char* help, Allowed allowed = {}) -> Field& {
      return fields(name, value, help, std::move(allowed)).mark(kFreeOnResume);
    };
    auto grids = time_grid_names();
    grids.insert(grids.begin(), "auto");
    add("solver", solver, "solver of the reverse process", one_of(solver_names()));
    add("steps", steps,
        "evaluations of the network; heun: intervals of two evaluations each, the last of one",
        between(1, 100000));
    add("cfg", cfg, "guidance weight w: uncond + w (cond - uncond); 1 is off; U-ViT's scale s is w = 1 + s",
        between(0, 1000));
    add("guidance_interval", guidance_interval, "[lo, hi]: guide only where lo < t <= hi; []: always",
        at_least(0));
    add("guidance_rescale", guidance_rescale,
        "share in which a guided output is scaled back to its deviation without guidance (CFG rescale)",
        between(0, 1));
    add("guide_checkpoint", guide_checkpoint,
        "weights of a worse network that takes the place of `uncond` (autoguidance), or none")
        .mark(kPath);
    add("guide_weights", guide_weights, "which weights of guide_checkpoint, as --weights");
    add("batch_size", batch_size, "images in one call of the network (twice that with guidance)",
        between(1, 1e6))
        .mark(kLastBits);
    add("t_end", t_end,
        "smallest time at which the network is evaluated or the grid ends; 0: the solver's and "
        "schedule's own (1e-3; dpm_solver_fast 1e-4; edm sigma_min)",
        between(0, 0.5));
    add("time_grid", time_grid, "spacing of the times; auto: the solver's own", one_of(grids));
    add("rho", rho, "exponent of the karras grid", between(1, 100));
    add("eta", eta, "noise of ddim, euler_ancestral and dpmpp_*_sde, 0 none to 1 all; -1: the solver's own",
        between(-1, 1));
    add("s_churn", s_churn, "euler and heun: noise added again over all steps (EDM's S_churn)", at_least(0));
    add("s_tmin", s_tmin, "least sigma / alpha at which it is added", at_least(0));
    add("s_tmax", s_tmax, "largest sigma / alpha at which it is added", at_least(0));
    add("s_noise", s_noise, "factor on that noise", at_least(0));
    add("precision", precision,
        "of the network; the solver's state stays fp32. int8: weights and activations of its blocks, on the "
        "CPU");
    add("clip_x0", clip_x0, "clamp every predicted clean image to [-1, 1]");
  }
};

}  // namespace uvic
