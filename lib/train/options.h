#pragma once
#include <string>
#include <vector>

#include "core/options.h"

namespace uvic {

/// AdamW (Loshchilov & Hutter 2019) over all parameters, as in U-ViT, and its learning-rate schedule.
struct OptimizerOptions {
  double lr = 2e-4, weight_decay = 0.03, eps = 1e-8;
  std::vector<double> betas = {0.99, 0.999};
  int64_t warmup_steps = 2500;
  std::string schedule = "constant";

  void visit(FieldList& fields) {
    fields("lr", lr, "base learning rate", at_least(0));
    fields("weight_decay", weight_decay, "decoupled weight decay, of every parameter", at_least(0));
    fields("betas", betas, "decay of the first and the second moment", between(0, 0.9999999));
    fields("eps", eps, "added to the root of the second moment", above(0));
    fields("warmup_steps", warmup_steps, "the rate grows linearly from 0 over these steps", at_least(0));
    fields("schedule", schedule, "after the warm-up: constant, or cosine down to 0 at train.steps",
           one_of({"constant", "cosine"}));
  }
};

struct TrainOptions {
  int64_t steps = 500000, batch_size = 128, grad_accum = 1;
  std::string precision = "fp32";
  double grad_clip = 0;
  std::vector<double> ema = {0.9999};
  std::string ema_warmup = "none";
  std::vector<double> ema_widths = {};
  int64_t snapshot_interval = 0;
  int64_t seed = 1234, keep = 3, log_interval = 10, sample_interval = 5000, checkpoint_interval = 50000;
  int64_t val_interval = 1000, val_images = 1000, eval_interval = 0, eval_images = 10000;
  std::string eval_stats = {}, eval_features = {};

  void visit(FieldList& fields) {
    fields("steps", steps, "optimiser steps in all", at_least(1));
    fields("batch_size", batch_size, "images an optimiser step", at_least(1));
    fields("grad_accum", grad_accum, "micro-batches that a batch is split into; divides batch_size",
           at_least(1));
    fields("precision", precision, "fp32, or bf16 autocast with fp32 weights", one_of({"fp32", "bf16"}));
    fields("grad_clip", grad_clip, "largest norm of the gradient; 0: no clipping", at_least(0));
    fields("ema", ema, "decays of the moving averages of the weights, one file each", between(0, 1));
    fields("ema_warmup", ema_warmup, "none, or ramp: decay min(d, (1 + step) / (10 + step))",
           one_of({"none", "ramp"}));
    fields("ema_widths", ema_widths,
           "widths (EDM2's sigma_rel, such as 0.05) of power-function averages; two or more let any other be "
           "reconstructed",
           between(1e-4, 0.288));
    fields("snapshot_interval", snapshot_interval,
           "steps between snapshots of the power-function averages, for uvic-sample --ema-width; 0: none",
           at_least(0));
    fields("seed", seed, "of initialisation, data order, noise and label dropout", between(0, 4294967295.0));
    fields("keep", keep, "newest checkpoints that stay; 0: all", at_least(0));
    fields("log_interval", log_interval, "steps between lines of metrics.jsonl", at_least(1));
    fields("sample_interval", sample_interval, "steps between grids of EMA samples; 0: none", at_least(0));
    fields("checkpoint_interval", checkpoint_interval, "steps between checkpoints; 0: only the last",
           at_least(0));
    fields("val_interval", val_interval, "steps between validation losses, if data holds images out; 0: none",
           at_least(0));
    fields("val_images", val_images, "held-out images that a validation loss is over, at most", at_least(1));
    fields("eval_interval", eval_interval, "steps between Frechet distances (FID) of EMA samples; 0: none",
           at_least(0));
    fields("eval_images", eval_images, "samples that each is over, made as the `sample` section says",
           at_least(2));
    fields("eval_stats", eval_stats, "statistics of the real images: the .npz that uvic-fid stats writes");
    fields("eval_features", eval_features, "the TorchScript feature extractor that eval_stats is of");
  }
};

}  // namespace uvic
