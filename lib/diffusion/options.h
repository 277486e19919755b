#pragma once
#include <string>

#include "core/options.h"

namespace uvic {

struct DiffusionOptions {
  std::string schedule = "vp_linear";
  double beta_min = 0.1, beta_max = 20.0;
  std::string prediction = "noise";
  std::string loss = "simple";
  double p_uncond = 0.1;

  void visit(FieldList& fields) {
    fields("schedule", schedule, "noise schedule", one_of({"vp_linear"}));
    fields("beta_min", beta_min, "beta(0) of vp_linear", at_least(0));
    fields("beta_max", beta_max, "beta(1) of vp_linear", above(0));
    fields("prediction", prediction, "what the network predicts", one_of({"noise", "x0"}));
    fields("loss", loss, "training loss", one_of({"simple"}));
    fields("p_uncond", p_uncond,
           "probability of the null label in training, for classifier-free guidance; 0: every label is a "
           "real class",
           between(0, 1));
  }
};

}  // namespace uvic
