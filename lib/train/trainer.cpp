#include "train/trainer.h"

#include <ATen/ATen.h>

#include <chrono>
#include <cstdio>

#include "core/log.h"
#include "core/progress.h"
#include "core/signals.h"
#include "io/grid.h"
#include "io/png.h"
#include "nn/weights.h"
#include "sampling/weights_file.h"
#include "train/checkpoint.h"
#include "train/samples.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int64_t kMaxSkippedInARow = 10;
constexpr double kPlainLineSeconds = 10;  // between progress lines where there is no terminal

double seconds_since(Clock::time_point from) {
  return std::chrono::duration<double>(Clock::now() - from).count();
}

}  // namespace

// metrics.jsonl has the speed over the steps since its last line, the progress bar a running mean; both
// without previews and checkpoints.
struct Trainer::Pace {
  Clock::time_point began = Clock::now(), plain_line = Clock::now() - std::chrono::hours(1);
  double waited_before = 0;
  int64_t steps = 0;
  double smooth_loss = 0, step_seconds = 0;  // running means
  std::unique_ptr<ProgressBar> bar;

  void add_step(double seconds) {
    ++steps;
    step_seconds += (seconds - step_seconds) * (step_seconds == 0 ? 1 : 0.05);
  }
  void restart(double waited) {
    began = Clock::now();
    waited_before = waited;
    steps = 0;
  }
};

Trainer::Trainer(const Config& config, DataSets data, RunDirectory& run, c10::Device device,
                 const fs::path& init_from)
    : run_(run),
      data_(std::move(data)),
      state_(config, device),
      metrics_([&] {
        run.truncate_metrics(
            run.resume_from().empty() ? 0 : checkpoint_step(run.resume_from().filename().string()));
        return run.path();
      }()),
      pace_(std::make_shared<Pace>()) {
  check_data(data_, config);
  if (data_.validation && config.train.val_interval > 0) {
    validation_ = std::make_unique<Validation>(*data_.validation, config, device);
  }
  if (config.train.eval_interval > 0) {
    evaluation_ = std::make_unique<Evaluation>(config, device);
    log_info(evaluation_->describe());
  }
  if (!run.resume_from().empty()) {
    load_checkpoint(state_, run.resume_from());
    log_info("resuming at step ", state_.step, " from ", run.resume_from().string());
  } else if (!init_from.empty()) {
    load_weights(*state_.model, load_safetensors(init_from).tensors, init_from.string());
    state_.restart_ema();
    log_info("starting from the weights of ", init_from.string());
  }
}

bool Trainer::due(int64_t interval) const {
  return interval > 0 && (state_.step % interval == 0 || state_.step == state_.config.train.steps);
}

TrainOutcome Trainer::run() {
  const auto& options = state_.config.train;
  DataLoader loader(data_.train, state_.config.data, uint64_t(options.seed), options.batch_size, state_.step,
                    options.steps);
  pace_->bar = std::make_unique<ProgressBar>("training", "steps", options.steps, state_.step);
  // What a killed run was scoring when it had saved this step.
  if (evaluation_ && state_.step > 0 && due(options.eval_interval) &&
      !has_metric(run_.path(), state_.step, "fid"))
    start_evaluation();
  pace_->restart(0);
  while (state_.step < options.steps) {
    const auto began = Clock::now();
    const StepInputs inputs = make_inputs(loader.next(), state_.config, state_.schedule(), state_.device);
    const StepResult result = state_.train_step(inputs);
    buckets_.add(state_.schedule(), inputs.t, result.losses);
    pace_->add_step(seconds_since(began));
    if (result.skipped) {
      log_warning("step ", state_.step, " skipped: loss ", result.loss, ", gradient norm ", result.grad_norm,
                  " (", state_.skipped, " skipped so far)");
      TORCH_CHECK(state_.skipped_in_a_row < kMaxSkippedInARow, "step ", state_.step,
                  ": the loss or the gradient was not "
                  "finite ",
                  kMaxSkippedInARow, " steps in a row; lower optimizer.lr or set train.grad_clip");
    }
    show_progress(result);
    Values values;
    if (due(options.log_interval)) values = step_values(result, loader);
    const bool validate = validation_ && due(options.val_interval) && received_signal() == 0;
    if (validate) {
      for (auto& value : validation_losses()) values.push_back(std::move(value));
    }
    if (!values.empty()) metrics_.write(state_.step, values);
    const bool preview = due(options.sample_interval), checkpoint = due(options.checkpoint_interval);
    if (preview && received_signal() == 0) write_preview();
    if (due(options.snapshot_interval)) save_snapshot(state_, run_.path());
    const bool evaluate = evaluation_ && due(options.eval_interval), last = state_.step == options.steps;
    if (evaluation_) write_evaluation(/*wait=*/evaluate || checkpoint || last);
    // Before the last checkpoint, so that a finished run has its score; after the others, which a resumed run
    // begins with it.
    if (evaluate && last) {
      start_evaluation();
      write_evaluation(/*wait=*/true);
    }
    if (checkpoint || last || received_signal() != 0) {
      const fs::path saved = save_checkpoint(state_, run_.path());
      if (received_signal() != 0 && !last) {
        pace_->bar->finish();
        write_line(c10::str(signal_name(received_signal()), ": saved ", saved.string(),
                            "; the same command resumes from there"));
        return TrainOutcome::kInterrupted;
      }
    }
    if (evaluate && !last) start_evaluation();
    if (preview || checkpoint || validate || evaluate) pace_->restart(loader.wait_seconds());
  }
  pace_->bar->finish();
  if (loader.unreadable() > 0) {
    log_warning(loader.unreadable(), " images could not be decoded and were skipped");
  }
  return TrainOutcome::kFinished;
}

void Trainer::show_progress(const StepResult& result) {
  Pace& pace = *pace_;
  if (!result.skipped)
    pace.smooth_loss += (result.loss - pace.smooth_loss) * (pace.smooth_loss == 0 ? 1 : 0.02);
  char detail[64];
  std::snprintf(detail, sizeof detail, "loss %.4f  %.0f images/s", pace.smooth_loss,
                double(state_.config.train.batch_size) / pace.step_seconds);
  pace.bar->update(state_.step, detail);
  const bool last = state_.step == state_.config.train.steps;
  if (!ProgressBar::enabled() && (last || seconds_since(pace.plain_line) > kPlainLineSeconds)) {
    const double left = double(state_.config.train.steps - state_.step) * pace.step_seconds;
    log_info("step ", state_.step, "/", state_.config.train.steps, "  ", detail, "  ", format_duration(left),
             " left");
    pace.plain_line = Clock::now();
  }
}

Trainer::Values Trainer::step_values(const StepResult& result, const DataLoader& loader) {
  const double elapsed = seconds_since(pace_->began), waited = loader.wait_seconds() - pace_->waited_before;
  Values values = {{"images", double(state_.images())},
                   {"loss", result.loss},
                   {"lr", result.lr},
                   {"grad_norm", result.grad_norm},
                   {"images_per_second", double(pace_->steps * state_.config.train.batch_size) / elapsed},
                   {"data_wait_fraction", waited / elapsed},
                   {"skipped_steps", double(state_.skipped)},
                   {"skipped_images", double(loader.unreadable())}};
  for (auto& value : buckets_.take()) values.push_back(std::move(value));
  pace_->restart(loader.wait_seconds());
  return values;
}

// Of the weights themselves and of the largest average.
Trainer::Values Trainer::validation_losses() const {
  Values values = {{"val_loss", validation_->loss(state_)}};
  if (const int64_t average = state_.ema->largest(); average >= 0) {
    const SwappedWeights swapped(state_.model->parameters(), state_.ema->weights(size_t(average)));
    values.emplace_back("val_loss_ema", validation_->loss(state_));
  }
  return values;
}

// samples/step-XXXXXXXX.png: the same seeds each time, so that grids of a run show the same noise growing up.
void Trainer::write_preview() {
  const auto& config = state_.config;
  std::vector<at::Tensor> images;
  const bool whole = sample_average(
      state_, config.preview_sample(), config.preview.images,
      [&](size_t, const at::Tensor& batch) { images.push_back(batch); },
      [&](size_t, int64_t step, const at::Tensor&) {
        pace_->bar->update(state_.step, c10::str("sampling a grid, ", step, "/", config.preview.steps));
      });
  if (!whole) return;
  const auto [rows, cols] = square_grid(config.preview.images);
  const at::Tensor grid = make_grid(to_uint8(at::cat(images)), rows, cols);
  fs::create_directories(run_.path() / "samples");
  save_png(run_.path() / "samples" / (checkpoint_name(state_.step) + ".png"), grid);
  metrics_.write_image(state_.step, "samples", grid);
}

void Trainer::start_evaluation() {
  if (received_signal() != 0) return;
  const auto& config = state_.config;
  evaluation_->start(state_, [&](size_t first, int64_t step, const at::Tensor&) {
    pace_->bar->update(state_.step, c10::str("sampling ", first, "/", config.train.eval_images,
                                             " to be scored, step ", step, "/", config.sample.steps));
  });
}

// Into a line of its own, as training may have gone on meanwhile. A signal does not wait for it.
void Trainer::write_evaluation(bool wait) {
  if (received_signal() != 0) {
    if (evaluation_->pending()) log_warning("the evaluation that was going on is given up");
    return evaluation_->give_up();
  }
  const auto result = evaluation_->collect(wait);
  if (!result) return;
  metrics_.write(result->step, {{"fid", result->fid}, {"fid_images", double(result->images)}});
  log_info("step ", result->step, ": FID ", result->fid, " of ", result->images, " images, guidance ",
           state_.config.sample.cfg);
}

}  // namespace uvic
