#include "diffusion/options.h"

#include "core/errors.h"
#include "diffusion/schedule.h"

namespace uvic {
namespace {

struct Use {
  std::string key;
  bool used;
  const char* user;
};

// Keys that only some choices read: set without them, they would be ignored.
std::vector<Use> uses(const DiffusionOptions& o) {
  const bool discrete = o.schedule == "ddpm_linear" || o.schedule == "scaled_linear";
  const bool betas = o.schedule == "vp_linear" || o.schedule == "ddpm_linear";
  const bool edm = o.schedule == "edm", gamma = o.loss == "min_snr" || o.loss == "soft_min_snr";
  const bool log_normal = o.time_sampling == "log_normal", logit = o.time_sampling == "logit_normal";
  return {{"beta_min", betas, "schedules vp_linear and ddpm_linear"},
          {"beta_max", betas, "schedules vp_linear and ddpm_linear"},
          {"sigma_min", edm, "schedule edm"},
          {"sigma_max", edm, "schedule edm"},
          {"zero_terminal_snr", discrete, "schedules ddpm_linear and scaled_linear"},
          {"sigma_data", o.prediction == "edm" || o.loss == "edm", "prediction edm and loss edm"},
          {"snr_gamma", gamma, "losses min_snr and soft_min_snr"},
          {"p_mean", log_normal, "time_sampling log_normal"},
          {"p_std", log_normal, "time_sampling log_normal"},
          {"logit_mean", logit, "time_sampling logit_normal"},
          {"logit_std", logit, "time_sampling logit_normal"}};
}

}  // namespace

void DiffusionOptions::validate() const {
  DiffusionOptions own = *this, defaults;
  for (const std::string& key : differing_keys(own, defaults)) {
    for (const Use& use : uses(*this)) {
      check_usage(use.used || use.key != key, "diffusion.", key, ": only ", use.user,
                  " read it; leave it at its default");
    }
  }
  const auto noise_schedule = make_schedule(*this);
  if (noise_schedule->ends_without_signal()) {
    check_usage(prediction != "noise" && prediction != "edm", "diffusion.prediction: ", prediction,
                " says nothing about the image where schedule ", schedule,
                zero_terminal_snr ? " with zero_terminal_snr" : "",
                " has no signal left (alpha = 0); use x0, v or flow");
  }
}

}  // namespace uvic
