// The whole configuration of training a diffusion model: every section, once.
#pragma once
#include "data/options.h"
#include "recipe/recipe.h"
#include "train/options.h"

namespace uvic {

/// The engine's keys, and how a diffusion model is judged while it is trained.
struct DiffusionTrainOptions : TrainOptions {
  int64_t val_images = 1000, eval_images = 10000;
  std::string eval_stats = {}, eval_features = {};

  void visit(FieldList& fields) {
    TrainOptions::visit(fields);
    fields("val_images", val_images, "held-out images that a validation loss is over, at most", at_least(1))
        .mark(kFreeOnResume);
    fields("eval_images", eval_images, "samples that each is over, made as the `sample` section says",
           at_least(2))
        .mark(kFreeOnResume);
    fields("eval_stats", eval_stats, "statistics of the real images: the .npz that uvic-fid stats writes")
        .mark(kFreeOnResume | kPath);
    fields("eval_features", eval_features, "the TorchScript feature extractor that eval_stats is of")
        .mark(kFreeOnResume | kPath);
  }
};

/// The grids of samples during training; guidance_*, precision and clip_x0 are `sample`'s, all else the
/// preview solver's own.
struct PreviewOptions {
  std::string solver = "dpmpp_2m";
  int64_t steps = 25;
  double cfg = 1.0;
  int64_t images = 64;

  void visit(FieldList& fields) {
    fields("solver", solver, "solver of the training grids", one_of(solver_names())).mark(kFreeOnResume);
    fields("steps", steps, "solver steps of the training grids", between(1, 100000)).mark(kFreeOnResume);
    fields("cfg", cfg, "guidance weight of the training grids", between(0, 1000)).mark(kFreeOnResume);
    fields("images", images, "images in a training grid, seeds 0 .. images - 1", between(1, 10000))
        .mark(kFreeOnResume);
  }
};

/// What sampling reads comes first: a weights file's other sections are those of RecipeFile::training.
struct DiffusionConfig : Recipe {
  PreviewOptions preview;
  DataOptions data;
  OptimizerOptions optimizer;
  DiffusionTrainOptions train;

  void visit(FieldList& fields) {
    Recipe::visit(fields);
    fields.section("preview", preview);
    fields.section("data", data);
    fields.section("optimizer", optimizer);
    fields.section("train", train);
  }

  /// Recipe's, and data.random_flip.
  void resolve();
  /// Throws UsageError, naming the keys, if values of different keys do not go together.
  void validate() const;
  std::string to_yaml() const { return print_yaml(fields_of(*this)); }
  /// How the grids of samples during training are made.
  SampleOptions preview_sample() const;
};

}  // namespace uvic
