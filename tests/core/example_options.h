// Option structs with a knob of each type, as the rooms declare theirs.
#pragma once
#include <string>
#include <vector>

#include "core/options.h"

namespace uvic::testing {

struct TrainExample {
  int64_t steps = 100;
  double lr = 2e-4;
  std::vector<double> ema = {0.9999};

  void visit(FieldList& fields) {
    fields("steps", steps, "optimiser steps", at_least(1));
    fields("lr", lr, "learning rate", above(0));
    fields("ema", ema, "decays", between(0, 1));
  }
};

struct Example {
  std::string name = "run";
  TrainExample train;
  bool flip = true;
  std::string kind = "cog";
  std::vector<int64_t> size = {28, 28};
  std::vector<std::string> layers = {"first", "last"};

  struct Model {
    Example& owner;
    void visit(FieldList& fields) {
      fields("flip", owner.flip, "mirror");
      fields("kind", owner.kind, "attention", one_of({"cog", "softmax"}));
      fields("size", owner.size, "height and width", at_least(1));
      fields("layers", owner.layers, "softmax blocks");
    }
  };

  void visit(FieldList& fields) {
    fields("name", name, "name of the run");
    fields.section("train", train);
    Model model{*this};
    fields.section("model", model);
  }
};

}  // namespace uvic::testing
