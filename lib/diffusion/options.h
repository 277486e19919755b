#pragma once
#include <string>

#include "core/options.h"

namespace uvic {

struct DiffusionOptions {
  std::string schedule = "vp_linear";
  double beta_min = 0.1, beta_max = 20.0;
  double sigma_min = 0.002, sigma_max = 80.0;
  bool zero_terminal_snr = false;
  std::string prediction = "noise";
  double sigma_data = 0.5;
  std::string loss = "simple";
  double snr_gamma = 5.0;
  std::string time_sampling = "uniform";
  double p_mean = -1.2, p_std = 1.2, logit_mean = 0.0, logit_std = 1.0;
  double p_uncond = 0.1;

  void visit(FieldList& fields) {
    fields("schedule", schedule, "noise schedule",
           one_of({"vp_linear", "vp_cosine", "sigmoid", "ddpm_linear", "scaled_linear", "edm", "flow"}));
    fields("beta_min", beta_min, "beta(0) of vp_linear; 1000 beta_1 of ddpm_linear", at_least(0));
    fields("beta_max", beta_max, "beta(1) of vp_linear; 1000 beta_N of ddpm_linear", above(0));
    fields("sigma_min", sigma_min, "smallest noise level of edm", above(0));
    fields("sigma_max", sigma_max, "largest noise level of edm", above(0));
    fields("zero_terminal_snr", zero_terminal_snr,
           "rescale ddpm_linear or scaled_linear so that the last level is pure noise");
    fields("prediction", prediction, "what the network predicts; edm: EDM's preconditioning",
           one_of({"noise", "x0", "v", "flow", "edm"}));
    fields("sigma_data", sigma_data, "standard deviation of the data, for edm's preconditioning and loss",
           above(0));
    fields("loss", loss, "weights of the training loss over noise levels",
           one_of({"simple", "min_snr", "soft_min_snr", "edm"}));
    fields("snr_gamma", snr_gamma, "gamma of min_snr and soft_min_snr", above(0));
    fields("time_sampling", time_sampling,
           "how training draws times; stratified: one from each of batch_size equal parts; log_normal: of "
           "sigma / alpha",
           one_of({"uniform", "stratified", "logit_normal", "log_normal"}));
    fields("p_mean", p_mean, "mean of the log of log_normal's sigma / alpha (EDM's P_mean)");
    fields("p_std", p_std, "its standard deviation (EDM's P_std)", above(0));
    fields("logit_mean", logit_mean, "mean of the logit of logit_normal's t");
    fields("logit_std", logit_std, "its standard deviation", above(0));
    fields("p_uncond", p_uncond,
           "probability of the null label in training, for classifier-free guidance; 0: every label is a "
           "real class",
           between(0, 1));
  }

  /// Throws UsageError, naming the keys, if values do not go together or a key is set that nothing here uses.
  void validate() const;
};

}  // namespace uvic
