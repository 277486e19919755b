// The whole configuration: every section, once.
#pragma once
#include "data/options.h"
#include "diffusion/options.h"
#include "nn/options.h"
#include "sampling/options.h"
#include "train/options.h"

namespace uvic {

struct Config {
  ModelOptions model;
  DiffusionOptions diffusion;
  DataOptions data;
  OptimizerOptions optimizer;
  TrainOptions train;
  SampleOptions sample;
  PreviewOptions preview;

  void visit(FieldList& fields) {
    fields.section("model", model);
    fields.section("diffusion", diffusion);
    fields.section("data", data);
    fields.section("optimizer", optimizer);
    fields.section("train", train);
    fields.section("sample", sample);
    fields.section("preview", preview);
  }

  /// Throws UsageError, naming the keys, if values of different keys do not go together.
  void validate() const;
  std::string to_yaml() const;
  /// How the grids of samples during training are made.
  SampleOptions preview_sample() const;
};

}  // namespace uvic
