// Solvers against the published code, relative in the 2-norm: each evaluation when fed the recorded states
// (2e-5), the evaluation times (1e-6), and the final images (1e-3). The authors compute times in float32,
// where 1 - alpha^2 cancels near t = 0: their logSNR times are off by up to 1e-5 in t, so those entries are
// run on the recorded times, and our own grid is compared apart.
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "diffusion/discrete_schedule.h"
#include "diffusion/solvers/table.h"
#include "diffusion/time_grid.h"
#include "support/golden_model.h"

namespace uvic {
namespace {

using at::Tensor;

// Where the interval ends are: our own grid; 0-based training steps n, as diffusers counts them (t = (n + 1)
// / 1000), from its spacing and the end it adds; its recorded sigma / alpha.
enum class Times { kGrid, kLeading, kTrailing, kLinspace, kSigmas };

struct Case {
  const char *entry, *solver, *grid;
  Times times = Times::kGrid;
  double last = 0;  // the end that diffusers adds

  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.entry; }
};

class SolverGolden : public ::testing::TestWithParam<Case> {
 protected:
  SolverGolden() : golden_(load_safetensors(testing::fixture("samplers.safetensors"))) {
    info_ = nlohmann::json::parse(golden_.metadata.at("info")).at(GetParam().entry);
    diffusion_.schedule = info_.at("schedule").get<std::string>();
    const auto options = info_.value("options", nlohmann::json::object());
    diffusion_.zero_terminal_snr = options.value("rescale_betas_zero_snr", false);
    if (options.value("prediction_type", "") == "v_prediction") diffusion_.prediction = "v";
    of_diffusers_ = info_.contains("scheduler");
    schedule_ = make_schedule(diffusion_);
    steps_ = info_.at("steps");
  }
  Tensor get(const char* part) const {
    return golden_.tensors.at(std::string(GetParam().entry) + "." + part);
  }

  // log(alpha / sigma) of vp_linear as the authors compute it, 1 - alpha^2 cancelled.
  static double float32_lambda(float t) {
    const float log_alpha = -0.25F * t * t * (20.0F - 0.1F) - 0.5F * t * 0.1F;
    return double(log_alpha - 0.5F * std::log(1.0F - std::exp(2.0F * log_alpha)));
  }

  std::vector<double> spaced(double first, double step) const {
    std::vector<double> times;
    for (int64_t i = 0; i < steps_; ++i)
      times.push_back((std::nearbyint(first - double(i) * step) + 1) / 1000);
    times.push_back(GetParam().last);
    return times;
  }

  std::vector<double> times(const Solver& solver) const {
    const double count = 1000.0 / double(steps_);
    const auto options = info_.value("options", nlohmann::json::object());
    switch (GetParam().times) {
      case Times::kLeading:
        return spaced(1000 - count + options.value("steps_offset", 0), count);
      case Times::kTrailing:
        return spaced(999, count);
      case Times::kLinspace:
        return spaced(999, 999.0 / double(steps_));
      case Times::kSigmas: {
        std::vector<double> times;
        for (int64_t i = 0; i < steps_; ++i) {
          times.push_back(schedule_->inverse_lambda(-std::log(get("sigmas")[i].item<double>())));
        }
        times.push_back(0);
        return times;
      }
      case Times::kGrid:
        break;
    }
    double t_end = info_.value("t_end", 1e-3);
    const bool log_snr = std::string(GetParam().grid) == "logSNR";
    if (log_snr) t_end = schedule_->inverse_lambda(float32_lambda(float(t_end)));
    auto own = time_grid(GetParam().grid, *schedule_, solver.intervals(steps_), t_end);
    if (!log_snr) return own;
    const int64_t stride = solver.mixed_order ? 3 : 1;  // evaluations an interval
    for (int64_t i = 0; i * stride < steps_ && i < int64_t(own.size()) - 2; ++i) {
      const double recorded = get("t_eval")[i * stride].item<double>() / 999;
      EXPECT_NEAR(own[size_t(i)], recorded, 2e-5) << i;
      own[size_t(i)] = recorded;
    }
    return own;
  }

  // What the network is fed must be what was recorded.
  void check_time(double fed, int64_t evaluation) const {
    const double recorded = get("t_eval")[evaluation].item<double>();
    const std::string grid = GetParam().grid;
    double tolerance = 1e-3;  // 1e-6 in t
    // Inner times of the single-step solvers come out of the authors' float32 lambda, like logSNR grids.
    if (grid == "logSNR" || std::string(GetParam().solver).starts_with("dpm_solver")) tolerance = 0.02;
    if (GetParam().times == Times::kSigmas) tolerance = 0.5 + 1e-3;  // diffusers rounds them for the network
    if (of_diffusers_) fed -= 1;
    EXPECT_NEAR(fed, recorded, tolerance) << "evaluation " << evaluation;
  }

  // Runs the solver; `replace` feeds the recorded state to every evaluation after checking it.
  Tensor run(bool replace) {
    const bool conditional = info_.contains("y");
    const auto model = testing::golden_network(conditional ? "weights_uvic_class.safetensors"
                                                           : "weights_uvic_uncond.safetensors");
    const at::NoGradGuard no_grad;
    const Tensor t_eval = get("t_eval"), x_eval = get("x_eval");
    int64_t evaluation = 0, noise = 0;
    const Network network = [&](const Tensor& x, const Tensor& timesteps, const Condition& c) {
      check_time(timesteps[0].item<double>(), evaluation);
      const int64_t B = x_eval.size(1);  // twice that with guidance
      const Tensor recorded = x_eval[evaluation].repeat({x.size(0) / B, 1, 1, 1});
      if (replace) {
        EXPECT_LT(testing::relative_error(x, recorded), 2e-5) << "evaluation " << evaluation;
      }
      const Tensor fed = at::full_like(timesteps, t_eval[evaluation].item<double>());
      ++evaluation;
      return model->forward(replace ? recorded : x, fed, c.labels);
    };
    const Solver& solver = find_solver(GetParam().solver);
    const SolverRun settings{
        .schedule = *schedule_,
        .times = times(solver),
        .steps = steps_,
        .noise = [&] { return get("noises")[noise++]; },
        .on_step =
            [&](int64_t, Tensor& x) {
              if (!replace) return;
              const Tensor recorded = evaluation < x_eval.size(0) ? x_eval[evaluation] : get("x_final");
              EXPECT_LT(testing::relative_error(x, recorded), 2e-5) << "after evaluation " << evaluation;
              x = recorded;
            },
        .eta = solver.default_eta,
    };
    DenoiserParts parts{.network = network, .schedule = schedule_, .prediction = PredictionType(diffusion_)};
    Condition condition;
    if (conditional) {
      parts.guidance = {.cfg = info_.at("cfg"),
                        .null = {at::tensor({info_.at("null_label").get<int64_t>()}), {}}};
      condition.labels = at::tensor(info_.at("y").get<std::vector<int64_t>>());
    }
    Tensor x = get("x_init");
    if (x.std().item<double>() > 5) x = x * schedule_->alpha(1.0);  // diffusers' Euler family holds x / alpha
    x = solver.sample(make_denoiser(parts, condition), x, settings);
    EXPECT_EQ(evaluation, info_.at("nfe").get<int64_t>());
    if (GetParam().times == Times::kGrid) {
      EXPECT_EQ(evaluation, solver.evaluations(steps_, ends_at_zero(GetParam().grid)));
    }
    return x;
  }

  SafeTensors golden_;
  nlohmann::json info_;
  DiffusionOptions diffusion_;
  std::shared_ptr<const NoiseSchedule> schedule_;
  int64_t steps_ = 0;
  bool of_diffusers_ = false;
};

TEST_P(SolverGolden, EachEvaluationFromTheRecordedStates) {
  run(true);
}

TEST_P(SolverGolden, FinalImages) {
  EXPECT_LT(testing::relative_error(run(false), get("x_final")), 1e-3);
}

constexpr auto kZero = "time_uniform_zero", kUniform = "time_uniform", kLog = "logSNR";
const std::vector<Case> kCases = {
    {"em_sde", "euler_maruyama_sde", kZero},
    {"em_ode", "euler_maruyama_ode", kZero},
    {"dpm_solver_fast_9", "dpm_solver_fast", kLog},
    {"dpm_solver_fast_10", "dpm_solver_fast", kLog},
    {"dpm_solver_fast_11", "dpm_solver_fast", kLog},
    {"dpm_solver_singlestep_1_12", "dpm_solver_1", kUniform},
    {"dpm_solver_singlestep_2_12", "dpm_solver_2", kUniform},
    {"dpm_solver_singlestep_3_12", "dpm_solver_3", kUniform},
    {"dpmpp_1_ddim_vp_time_uniform_10", "ddim", kUniform},
    {"dpmpp_1_ddim_vp_time_uniform_20", "ddim", kUniform},
    {"dpmpp_2m_vp_time_uniform_10", "dpmpp_2m", kUniform},
    {"dpmpp_2m_vp_time_uniform_20", "dpmpp_2m", kUniform},
    {"dpmpp_2m_vp_logSNR_10", "dpmpp_2m", kLog},
    {"dpmpp_2m_vp_logSNR_20", "dpmpp_2m", kLog},
    {"dpmpp_3m_vp_logSNR_10", "dpmpp_3m", kLog},
    {"dpmpp_3m_vp_logSNR_20", "dpmpp_3m", kLog},
    {"dpmpp_2m_sd_cfg_10", "dpmpp_2m", kUniform},
    {"dpmpp_2m_sd_cfg_20", "dpmpp_2m", kUniform},
    {"dpmpp_fast_sd_cfg_10", "dpmpp_fast", kUniform},
    {"dpmpp_fast_sd_cfg_20", "dpmpp_fast", kUniform},
    {"diffusers_ddim_10", "ddim", "", Times::kLeading, 0.001},
    {"diffusers_ddim_trailing_zero_snr_10", "ddim", "", Times::kTrailing, 0.001},
    {"diffusers_ddpm_10", "ddpm", "", Times::kLeading},
    {"diffusers_dpmpp_2m_10", "dpmpp_2m", "", Times::kLinspace},
    {"diffusers_dpmpp_2m_karras_10", "dpmpp_2m", "", Times::kSigmas},
    {"diffusers_dpmpp_2m_sde_10", "dpmpp_2m_sde", "", Times::kLinspace},
    {"diffusers_dpmpp_3m_10", "dpmpp_3m", "", Times::kLinspace},
    {"diffusers_unipc_10", "unipc", "", Times::kLinspace},
    {"diffusers_euler_10", "euler", kZero},
    {"diffusers_euler_ancestral_10", "euler_ancestral", kZero},
    {"diffusers_heun_10", "heun", kZero},
};

INSTANTIATE_TEST_SUITE_P(Entries, SolverGolden, ::testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.entry); });

TEST(SolverGoldenCases, EveryRecordedEntryIsAmongThem) {
  const auto golden = load_safetensors(testing::fixture("samplers.safetensors"));
  const auto info = nlohmann::json::parse(golden.metadata.at("info"));
  for (const auto& [entry, value] : info.items()) {
    const bool tested = std::any_of(kCases.begin(), kCases.end(),
                                    [&, name = entry](const Case& c) { return name == c.entry; });
    EXPECT_TRUE(tested) << entry;
  }
}

// diffusers' karras sigmas (computed in float32) are ours, from its first noise level to its last.
TEST(SolverGoldenCases, KarrasSigmas) {
  const auto golden = load_safetensors(testing::fixture("samplers.safetensors")).tensors;
  const DiscreteSchedule schedule(scaled_linear_betas());
  const auto times = time_grid("karras", schedule, 10, 1e-3);
  for (int64_t i = 0; i < 10; ++i) {
    const double recorded = golden.at("diffusers_dpmpp_2m_karras_10.sigmas")[i].item<double>();
    EXPECT_NEAR(schedule.edm_sigma(times[size_t(i)]), recorded, 2e-5 * recorded) << i;
  }
  EXPECT_EQ(times.back(), 0);
}

}  // namespace
}  // namespace uvic
