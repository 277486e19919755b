#pragma once
#include "core/options.h"

namespace uvic {

enum class ScheduleKind { kVpLinear, kVpCosine, kSigmoid, kDdpmLinear, kScaledLinear, kEdm, kFlow };
template <>
inline constexpr std::array kNamesOf<ScheduleKind> = {"vp_linear",     "vp_cosine", "sigmoid", "ddpm_linear",
                                                      "scaled_linear", "edm",       "flow"};
/// What the network's output is, see PredictionType.
enum class PredictionKind { kNoise, kX0, kV, kFlow, kEdm };
template <>
inline constexpr std::array kNamesOf<PredictionKind> = {"noise", "x0", "v", "flow", "edm"};
/// How the loss weighs noise levels, see DiffusionLoss::weight.
enum class LossKind { kSimple, kMinSnr, kSoftMinSnr, kEdm };
template <>
inline constexpr std::array kNamesOf<LossKind> = {"simple", "min_snr", "soft_min_snr", "edm"};
/// How training draws times, see sample_time.
enum class TimeSampling { kUniform, kStratified, kLogitNormal, kLogNormal };
template <>
inline constexpr std::array kNamesOf<TimeSampling> = {"uniform", "stratified", "logit_normal", "log_normal"};

struct DiffusionOptions {
  Choice<ScheduleKind> schedule = ScheduleKind::kVpLinear;
  double beta_min = 0.1, beta_max = 20.0;
  double sigma_min = 0.002, sigma_max = 80.0;
  bool zero_terminal_snr = false;
  Choice<PredictionKind> prediction = PredictionKind::kNoise;
  double sigma_data = 0.5;
  Choice<LossKind> loss = LossKind::kSimple;
  double snr_gamma = 5.0;
  Choice<TimeSampling> time_sampling = TimeSampling::kUniform;
  double p_mean = -1.2, p_std = 1.2, logit_mean = 0.0, logit_std = 1.0;
  double p_uncond = 0.1;

  void visit(FieldList& fields) {
    const bool ddpm = schedule == ScheduleKind::kDdpmLinear;
    const KeyReaders betas{schedule == ScheduleKind::kVpLinear || ddpm,
                           "schedules vp_linear and ddpm_linear"};
    const KeyReaders levels{schedule == ScheduleKind::kScaledLinear || ddpm,
                            "schedules ddpm_linear and scaled_linear"};
    const KeyReaders edm{schedule == ScheduleKind::kEdm, "schedule edm"};
    const KeyReaders deviation{prediction == PredictionKind::kEdm || loss == LossKind::kEdm,
                               "prediction edm and loss edm"};
    const KeyReaders gamma{loss == LossKind::kMinSnr || loss == LossKind::kSoftMinSnr,
                           "losses min_snr and soft_min_snr"};
    const KeyReaders log_normal{time_sampling == TimeSampling::kLogNormal, "time_sampling log_normal"};
    const KeyReaders logit_normal{time_sampling == TimeSampling::kLogitNormal, "time_sampling logit_normal"};
    fields("schedule", schedule, "noise schedule").mark(kInterface);
    fields("beta_min", beta_min, "beta(0) of vp_linear; 1000 beta_1 of ddpm_linear", at_least(0))
        .mark(kInterface)
        .read_only_by(betas);
    fields("beta_max", beta_max, "beta(1) of vp_linear; 1000 beta_N of ddpm_linear", above(0))
        .mark(kInterface)
        .read_only_by(betas);
    fields("sigma_min", sigma_min, "smallest noise level of edm", above(0))
        .mark(kInterface)
        .read_only_by(edm);
    fields("sigma_max", sigma_max, "largest noise level of edm", above(0)).mark(kInterface).read_only_by(edm);
    fields("zero_terminal_snr", zero_terminal_snr,
           "rescale ddpm_linear or scaled_linear so that the last level is pure noise")
        .mark(kInterface)
        .read_only_by(levels);
    fields("prediction", prediction, "what the network predicts; edm: EDM's preconditioning")
        .mark(kInterface);
    fields("sigma_data", sigma_data, "standard deviation of the data, for edm's preconditioning and loss",
           above(0))
        .mark(kInterface)
        .read_only_by(deviation);
    fields("loss", loss, "weights of the training loss over noise levels").mark(kTrainingOnly);
    fields("snr_gamma", snr_gamma, "gamma of min_snr and soft_min_snr", above(0))
        .mark(kTrainingOnly)
        .read_only_by(gamma);
    fields("time_sampling", time_sampling,
           "how training draws times; stratified: one from each of batch_size equal parts; log_normal: of "
           "sigma / alpha")
        .mark(kTrainingOnly);
    fields("p_mean", p_mean, "mean of the log of log_normal's sigma / alpha (EDM's P_mean)")
        .mark(kTrainingOnly)
        .read_only_by(log_normal);
    fields("p_std", p_std, "its standard deviation (EDM's P_std)", above(0))
        .mark(kTrainingOnly)
        .read_only_by(log_normal);
    fields("logit_mean", logit_mean, "mean of the logit of logit_normal's t")
        .mark(kTrainingOnly)
        .read_only_by(logit_normal);
    fields("logit_std", logit_std, "its standard deviation", above(0))
        .mark(kTrainingOnly)
        .read_only_by(logit_normal);
    fields("p_uncond", p_uncond,
           "probability of the null label in training, for classifier-free guidance; 0: every label is a "
           "real class",
           between(0, 1))
        .mark(kTrainingOnly);
  }

  /// Throws UsageError, naming the keys, if values do not go together or a key is set that nothing here uses.
  void validate() const;
};

}  // namespace uvic
