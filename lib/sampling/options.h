#pragma once
#include <string>

#include "core/options.h"
#include "diffusion/solvers.h"
#include "diffusion/time_grid.h"

namespace uvic {

/// How images are sampled: the `sample` section, and the options of uvic-sample and uvic-fid.
struct SampleOptions {
  std::string solver = "euler_maruyama_sde";
  int64_t steps = 1000;
  double cfg = 1.0;
  int64_t batch_size = 500;
  double t_end = 1e-3;
  std::string time_grid = "auto";
  std::string precision = "fp32";
  bool clip_x0 = false;

  void visit(FieldList& fields) {
    auto grids = time_grid_names();
    grids.insert(grids.begin(), "auto");
    fields("solver", solver, "solver of the reverse process", one_of(solver_names()));
    fields("steps", steps, "solver steps; each is one evaluation of the network", between(1, 100000));
    fields("cfg", cfg,
           "guidance weight w: uncond + w (cond - uncond); 1 is off; U-ViT's scale s is w = 1 + s",
           between(0, 1000));
    fields("batch_size", batch_size, "images in one call of the network (twice that with guidance)",
           between(1, 1e6));
    fields("t_end", t_end, "smallest time at which the network is evaluated or the grid ends",
           between(1e-6, 0.5));
    fields("time_grid", time_grid, "spacing of the times; auto: the solver's own", one_of(grids));
    fields("precision", precision, "of the network; the solver's state stays fp32", one_of({"fp32", "bf16"}));
    fields("clip_x0", clip_x0, "clamp every predicted clean image to [-1, 1]");
  }
};

/// The grids of samples during training; what is not named here is as in SampleOptions.
struct PreviewOptions {
  std::string solver = "dpmpp_2m";
  int64_t steps = 25;
  double cfg = 1.0;
  int64_t images = 64;

  void visit(FieldList& fields) {
    fields("solver", solver, "solver of the training grids", one_of(solver_names()));
    fields("steps", steps, "solver steps of the training grids", between(1, 100000));
    fields("cfg", cfg, "guidance weight of the training grids", between(0, 1000));
    fields("images", images, "images in a training grid, seeds 0 .. images - 1", between(1, 10000));
  }
};

}  // namespace uvic
