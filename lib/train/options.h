#pragma once
#include <string>
#include <vector>

#include "core/options.h"
#include "core/precision.h"
#include "core/slice.h"
#include "recipe/ema.h"

namespace uvic {

enum class RateSchedule { kConstant, kCosine };
template <>
inline constexpr std::array kNamesOf<RateSchedule> = {"constant", "cosine"};

enum class OptimizerKind { kAdamW, kMuon };
template <>
inline constexpr std::array kNamesOf<OptimizerKind> = {"adamw", "muon"};

/// AdamW (Loshchilov & Hutter 2019) over all parameters, as in U-ViT, or Muon over the matrices of the blocks
/// (see train/muon.h) and AdamW over the rest; and the learning-rate schedule.
struct OptimizerOptions {
  Choice<OptimizerKind> kind = OptimizerKind::kAdamW;
  double momentum = 0.95;
  double lr = 2e-4, weight_decay = 0.03, eps = 1e-8;
  std::vector<double> betas = {0.99, 0.999};
  int64_t warmup_steps = 2500;
  Choice<RateSchedule> schedule = RateSchedule::kConstant;

  void visit(FieldList& fields) {
    const KeyReaders muon{kind == OptimizerKind::kMuon, "kind muon"};
    fields("kind", kind,
           "adamw, or muon: orthogonal momentum for the matrices of the blocks, adamw for the rest");
    fields("momentum", momentum, "decay of muon's average of the gradients", between(0, 0.9999999))
        .read_only_by(muon);
    fields("lr", lr, "base learning rate", at_least(0));
    fields("weight_decay", weight_decay, "decoupled weight decay, of every parameter", at_least(0));
    fields("betas", betas, "decay of the first and the second moment", between(0, 0.9999999));
    fields("eps", eps, "added to the root of the second moment", above(0));
    fields("warmup_steps", warmup_steps, "the rate grows linearly from 0 over these steps", at_least(0));
    fields("schedule", schedule, "after the warm-up: constant, or cosine down to 0 at train.steps");
  }

  /// Throws UsageError, naming the key, if a value is wrong in itself.
  void validate() const;
};

enum class EmaWarmup { kNone, kRamp };
template <>
inline constexpr std::array kNamesOf<EmaWarmup> = {"none", "ramp"};

enum class OnSaveError { kContinue, kFail };
template <>
inline constexpr std::array kNamesOf<OnSaveError> = {"continue", "fail"};

/// What every training has, whatever is trained.
struct TrainOptions {
  int64_t steps = 500000, batch_size = 128, grad_accum = 1;
  Choice<Precision> precision = Precision::kFp32;
  double grad_clip = 0;
  std::vector<double> ema = {0.9999};
  Choice<EmaWarmup> ema_warmup = EmaWarmup::kNone;
  std::vector<double> ema_widths = {};
  int64_t snapshot_interval = 0;
  int64_t seed = 1234, keep = 3, log_interval = 10, sample_interval = 5000, checkpoint_interval = 50000;
  int64_t val_interval = 1000, eval_interval = 0;
  int64_t keep_every = 0;
  Choice<OnSaveError> on_save_error = OnSaveError::kContinue;
  bool allow_new_data = false, shard_optimizer = false, cuda_graph = true;

  void visit(FieldList& fields) {
    fields("steps", steps, "optimiser steps in all", at_least(1)).mark(kFreeOnResume);
    fields("batch_size", batch_size, "examples (images) an optimiser step", at_least(1));
    fields("grad_accum", grad_accum, "micro-batches that a batch is split into; divides batch_size",
           at_least(1));
    fields("precision", precision, "fp32, or bf16 autocast with fp32 weights");
    fields("grad_clip", grad_clip, "largest norm of the gradient; 0: no clipping", at_least(0));
    fields("ema", ema, "decays of the moving averages of the weights, one file each", between(0, 1));
    fields("ema_warmup", ema_warmup, "none, or ramp: decay min(d, (1 + step) / (10 + step))");
    fields("ema_widths", ema_widths,
           "widths (EDM2's sigma_rel, such as 0.05) of power-function averages; two or more let any other be "
           "reconstructed",
           between(1e-4, 0.288));
    fields("snapshot_interval", snapshot_interval,
           "steps between snapshots of the power-function averages, for uvic-sample --ema-width; 0: none",
           at_least(0))
        .mark(kFreeOnResume);
    fields("seed", seed, "of initialisation, data order, noise and label dropout", between(0, 4294967295.0));
    fields("keep", keep, "newest checkpoints that stay; 0: all", at_least(0)).mark(kFreeOnResume);
    fields("keep_every", keep_every, "checkpoints of steps that this divides stay beside those; 0: none",
           at_least(0))
        .mark(kFreeOnResume);
    fields("on_save_error", on_save_error,
           "a checkpoint or snapshot that cannot be written, as on a full disk: continue and try again at "
           "the next, or fail; the last checkpoint always fails")
        .mark(kFreeOnResume);
    fields("log_interval", log_interval, "steps between lines of metrics.jsonl", at_least(1))
        .mark(kFreeOnResume);
    fields("sample_interval", sample_interval,
           "steps between previews: samples of the largest average; 0: none", at_least(0))
        .mark(kFreeOnResume);
    fields("checkpoint_interval", checkpoint_interval, "steps between checkpoints; 0: only the last",
           at_least(0))
        .mark(kFreeOnResume);
    fields("val_interval", val_interval, "steps between validation losses, if data holds images out; 0: none",
           at_least(0))
        .mark(kFreeOnResume);
    fields("eval_interval", eval_interval,
           "steps between scores (FID) of samples of the largest average; 0: none", at_least(0))
        .mark(kFreeOnResume);
    fields("allow_new_data", allow_new_data,
           "go on although the data set is not the one that the run began with: no longer an exact resume")
        .mark(kFreeOnResume);
    fields("shard_optimizer", shard_optimizer,
           "divide the optimiser's state among the processes (ZeRO stage 1): less memory, more to exchange")
        .mark(kFreeOnResume);
    fields(
        "cuda_graph", cuda_graph,
        "on a GPU: record a step's kernels once and replay them, which small networks gain most by; not of "
        "several processes or micro-batches")
        .mark(kFreeOnResume);
  }

  /// Throws UsageError, naming the keys, if values do not go together.
  void validate() const;
  EmaKinds averages() const { return {ema, ema_warmup == EmaWarmup::kRamp, ema_widths}; }
};

/// Throws UsageError, naming the keys, if values of both do not go together.
void check_together(const TrainOptions& train, const OptimizerOptions& optimizer);

}  // namespace uvic
