#include "train/trainer.h"

#include <chrono>

#include "core/errors.h"
#include "core/log.h"
#include "core/signals.h"
#include "core/text.h"
#include "recipe/layout.h"
#include "train/checkpoint.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int64_t kMaxSkippedInARow = 10;

void check_same_data(const Task& task, const RunDirectory& run, bool allowed) {
  const std::string then = checkpoint_data(run.resume_from());
  if (then.empty())
    log_info(run.path().string(), ": saved by an older version; whether its data is the same is not known");
  const auto differences = then.empty() ? std::vector<std::string>() : task.data_differences(then);
  if (differences.empty()) return;
  const std::string text = run.path().string() + ": the data is not what it was: " + join(differences, "; ");
  check_usage(
      allowed, text,
      ". Give it the data that it began with, or --set train.allow_new_data=true to go on all the same");
  log_warning(text, "; going on, as train.allow_new_data says");
}

TrainState make_state(Task& task, const RunDirectory& run, const TrainOptions& options,
                      const OptimizerOptions& optimizer, c10::Device device) {
  if (!run.resume_from().empty()) check_same_data(task, run, options.allow_new_data);
  task.build(uint64_t(options.seed));
  TrainState state(task.module(), options, optimizer, device);
  state.config_yaml = run.config_yaml();
  state.data_identity = task.data_identity();
  return state;
}

}  // namespace

Trainer::Trainer(Task& task, RunDirectory& run, const TrainOptions& options,
                 const OptimizerOptions& optimizer, c10::Device device, const fs::path& init_from,
                 Sharing sharing)
    : task_(task),
      run_(run),
      synchronise_(std::move(sharing.synchronise)),
      state_(make_state(task, run, options, optimizer, device)),
      log_(run.path(), run.resume_step()),
      pace_(options.steps, run.resume_step(), options.batch_size, task.unit()),
      context_{run.path(), log_, [this](const std::string& doing) { pace_.show(doing); },
               [this] { return stopping(); }} {
  if (sharing.slices.total > 0) state_.slices = sharing.slices;
  if (!run.resume_from().empty()) {
    load_checkpoint(state_, run.resume_from());
    log_info("resuming at step ", state_.step, " from ", run.resume_from().string());
  } else if (!init_from.empty()) {
    task.init_from(init_from);
    state_.restart_ema();
    log_info("starting from the weights of ", init_from.string());
  }
}

bool Trainer::due(int64_t interval) const {
  return interval > 0 && (state_.step % interval == 0 || at_end());
}

bool Trainer::stopping() const {
  return received_signal() != 0;
}

TrainOutcome Trainer::run() {
  const auto actions = make_actions();
  task_.begin(state_.slices, state_.step, state_.options.steps);
  make_owed_score();
  pace_.restart(task_.wait_seconds());
  while (!at_end()) {
    take_step();
    const bool stop = stopping();  // one decision for all that the step is followed by
    for (const Action& action : actions) {
      if (!due(action.interval) || (stop && action.optional)) continue;
      action.act();
      if (action.slow) pace_.restart(task_.wait_seconds());
    }
    // Also where a signal broke off what was to be scored: the run goes on from this step, which owes it.
    if (stopping() && !at_end()) return interrupted();
  }
  make_owed_score();
  pace_.finish();
  task_.finish();
  const Scorer* scorer = task_.scorer();
  const bool scored = scorer == nullptr || has_metric(run_.path(), state_.step, scorer->key());
  return stopping() && !scored ? interrupted() : TrainOutcome::kFinished;
}

// In the order in which they are done. Scores of earlier steps are written before a checkpoint, which would
// otherwise forget them; what is to be scored is made after it, as a resumed run begins with that.
std::vector<Trainer::Action> Trainer::make_actions() {
  const TrainOptions& o = state_.options;
  const bool scores = task_.scorer() != nullptr;
  const auto wait_for_score = [this] {
    return due(state_.options.eval_interval) || due(state_.options.checkpoint_interval) || at_end();
  };
  return {
      {.interval = o.log_interval, .optional = false, .slow = false, .act = [this] { log_step(); }},
      {.interval = task_.can_validate() ? o.val_interval : 0,
       .optional = true,
       .slow = true,
       .act = [this] { validate(); }},
      {.interval = 1, .optional = false, .slow = false, .act = [this] { write_line(); }},
      {.interval = o.sample_interval, .optional = true, .slow = true, .act = [this] { preview(); }},
      {.interval = o.snapshot_interval,
       .optional = false,
       .slow = true,
       .act = [this] { save_snapshot(state_, run_.path()); }},
      {.interval = scores ? 1 : 0,
       .optional = false,
       .slow = false,
       .act = [this, wait_for_score] { collect_score(wait_for_score()); }},
      // After the last step in any case.
      {.interval = o.checkpoint_interval > 0 ? o.checkpoint_interval : o.steps,
       .optional = false,
       .slow = true,
       .act = [this] { save_checkpoint(state_, run_.path()); }},
      {.interval = scores ? o.eval_interval : 0,
       .optional = true,
       .slow = true,
       .act =
           [this] {
             if (!at_end()) start_scoring();
           }},
  };
}

void Trainer::take_step() {
  const auto began = Clock::now();
  last_ = state_.train_step([this](const Slice& slice) { return task_.losses(slice); }, synchronise_);
  pace_.add_step(std::chrono::duration<double>(Clock::now() - began).count(), state_.step, last_.loss,
                 last_.skipped);
  if (!last_.skipped) return;
  log_warning("step ", state_.step, " skipped: loss ", last_.loss, ", gradient norm ", last_.grad_norm, " (",
              state_.skipped, " skipped so far)");
  TORCH_CHECK(state_.skipped_in_a_row < kMaxSkippedInARow, "step ", state_.step,
              ": the loss or the gradient was not finite ", kMaxSkippedInARow,
              " steps in a row; lower optimizer.lr or set train.grad_clip");
}

void Trainer::log_step() {
  const double waited = task_.wait_seconds();
  line_ = {{task_.unit(), double(state_.examples())},
           {"loss", last_.loss},
           {"lr", last_.lr},
           {"grad_norm", last_.grad_norm},
           {task_.unit() + "_per_second", pace_.per_second()},
           {"data_wait_fraction", pace_.wait_fraction(waited)},
           {"skipped_steps", double(state_.skipped)}};
  for (auto& value : task_.step_values()) line_.push_back(std::move(value));
  pace_.restart(waited);
}

// Of the weights themselves and of the largest average.
void Trainer::validate() {
  for (auto& value : task_.validate()) line_.push_back(std::move(value));
  if (state_.ema->largest() < 0) return;
  const SwappedWeights swapped = state_.with_largest_average();
  for (const auto& [name, value] : task_.validate()) line_.emplace_back(name + "_ema", value);
}

void Trainer::write_line() {
  if (!line_.empty()) log_.write(state_.step, line_);
  line_.clear();
}

void Trainer::preview() {
  const SwappedWeights swapped = state_.with_largest_average();
  task_.preview(state_.step, context_);
}

void Trainer::start_scoring() {
  const SwappedWeights swapped = state_.with_largest_average();
  task_.scorer()->start(state_.step, context_);
}

// Into a line of its own, as training may have gone on meanwhile. A signal does not wait for it.
void Trainer::collect_score(bool wait) {
  Scorer& scorer = *task_.scorer();
  if (const auto score = scorer.collect(wait, context_)) {
    log_.write(score->step, score->values);
  } else if (scorer.pending() && stopping()) {
    log_warning("the evaluation that was going on is given up");
    scorer.give_up();
  }
}

// What a run that ended when it had saved this step was scoring, or was to score.
void Trainer::make_owed_score() {
  Scorer* scorer = task_.scorer();
  if (scorer == nullptr || state_.step == 0 || !due(state_.options.eval_interval) || stopping()) return;
  if (has_metric(run_.path(), state_.step, scorer->key())) return;
  start_scoring();
  if (at_end()) collect_score(/*wait=*/true);
}

TrainOutcome Trainer::interrupted() {
  pace_.finish();
  const fs::path saved = save_checkpoint(state_, run_.path());
  uvic::write_line(c10::str(signal_name(received_signal()), ": saved ", saved.string(),
                            at_end() ? "; its score is still to come" : "",
                            "; the same command resumes from there"));
  return TrainOutcome::kInterrupted;
}

bool is_finished(const RunDirectory& run, const TrainOptions& options, const Scorer* scorer) {
  const int64_t step = run.resume_step();
  const bool scored = scorer == nullptr || has_metric(run.path(), options.steps, scorer->key());
  return step > options.steps || (step == options.steps && scored);
}

}  // namespace uvic
