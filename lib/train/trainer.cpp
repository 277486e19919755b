#include "train/trainer.h"

#include <chrono>

#include "core/errors.h"
#include "core/log.h"
#include "core/signals.h"
#include "core/text.h"
#include "io/digests.h"
#include "recipe/layout.h"
#include "recipe/weights_digest.h"
#include "train/checkpoint.h"
#include "train/diverged.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int64_t kMaxSkippedInARow = 10;

// `now`: what the task says that its data is.
void check_same_data(const Task& task, const std::string& now, const RunDirectory& run, bool allowed) {
  const std::string then = checkpoint_data(run.resume_from());
  if (then.empty())
    log_info(run.path().string(), ": saved by an older version; whether its data is the same is not known");
  if (then.empty() || then == now) return;
  const auto differences = task.data_differences(then);
  if (differences.empty()) return;
  const std::string text = run.path().string() + ": the data is not what it was: " + join(differences, "; ");
  check_usage(
      allowed, text,
      ". Give it the data that it began with, or --set train.allow_new_data=true to go on all the same");
  log_warning(text, "; going on, as train.allow_new_data says");
}

TrainState make_state(Task& task, const RunDirectory& run, const TrainOptions& options,
                      const OptimizerOptions& optimizer, c10::Device device, const World& world) {
  const std::string data = task.data_identity();
  const std::string said = task.describe_data();
  check_alike(
      world, "the data",
      said.substr(0, said.find('\n')) + ", CRC-32 of its description " + std::to_string(crc32_of(data)));
  if (!run.resume_from().empty()) check_same_data(task, data, run, options.allow_new_data);
  task.build(uint64_t(options.seed));
  TrainState state(task.module(), options, optimizer, device, world);
  state.config_yaml = run.config_yaml();
  state.data_identity = data;
  state.weights_metadata = task.weights_metadata();
  state.unit = task.unit();
  state.units_per_example = task.units_per_example();
  return state;
}

// Also where nothing is scored at all.
bool has_score(const Scorer* scorer, const RunDirectory& run, int64_t step) {
  return scorer == nullptr || has_metric(run.path(), step, scorer->key());
}

}  // namespace

Trainer::Trainer(Task& task, RunDirectory& run, const TrainOptions& options,
                 const OptimizerOptions& optimizer, c10::Device device, const fs::path& init_from,
                 const World& world)
    : task_(task),
      run_(run),
      state_(make_state(task, run, options, optimizer, device, world)),
      log_(world.first() ? std::make_unique<RunLog>(run.path(), run.resume_step()) : nullptr),
      pace_(options.steps, run.resume_step(), options.batch_size * task.units_per_example(), task.unit()),
      context_{run.path(), log_.get(), state_.world, [this](const std::string& doing) { pace_.show(doing); },
               should_stop} {
  if (!run.resume_from().empty()) {
    load_checkpoint(state_, run.resume_from());
    log_info("resuming at step ", state_.step, " from ", run.resume_from().string());
  } else if (!init_from.empty()) {
    task.init_from(init_from);
    state_.restart_ema();
    log_info("starting from the weights of ", init_from.string());
  }
  if (!world.alone()) check_alike(world, "the weights (SHA-256)", weights_digest(*task.module()));
}

bool Trainer::due(int64_t interval) const {
  return interval > 0 && (state_.step % interval == 0 || at_end());
}

// Its log is rank 0's.
bool Trainer::scored(int64_t step) const {
  return state_.world.first_finds([&] { return has_score(task_.scorer(), run_, step); });
}

bool Trainer::agree_to_stop() {
  stop_ = state_.world.any(should_stop());
  return stop_;
}

TrainOutcome Trainer::run() {
  const auto actions = make_actions();
  task_.begin(state_.slices, state_.step, state_.options.steps);
  make_owed_score();
  pace_.restart(task_.wait_seconds());
  while (!at_end()) {
    take_step();
    const bool stop = stop_;  // one decision for all that the step is followed by
    bool took_time = false;
    for (const Action& action : actions) {
      if (!due(action.interval) || (stop && action.optional)) continue;
      action.act();
      took_time |= action.slow;
      if (action.slow) pace_.restart(task_.wait_seconds());
    }
    // Also where a signal broke off what was to be scored: the run goes on from this step, which owes it.
    if (took_time) agree_to_stop();
    if (stop_ && !at_end()) return interrupted();
  }
  make_owed_score();
  pace_.finish();
  task_.finish();
  return agree_to_stop() && !scored(state_.step) ? interrupted() : TrainOutcome::kFinished;
}

// In the order in which they are done. Scores of earlier steps are written before a checkpoint, which would
// otherwise forget them; what is to be scored is made after it, as a resumed run begins with that.
std::vector<Trainer::Action> Trainer::make_actions() {
  const TrainOptions& o = state_.options;
  const bool scores = task_.scorer() != nullptr;
  const auto wait_for_score = [this] {
    return due(state_.options.eval_interval) || due(state_.options.checkpoint_interval) || owes_checkpoint_ ||
           at_end();
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
       .act = [this] { try_to_save(/*must=*/false, [this] { save_snapshot(state_, run_.path()); }); }},
      {.interval = scores ? 1 : 0,
       .optional = false,
       .slow = false,
       .act = [this, wait_for_score] { collect_score(wait_for_score()); }},
      {.interval = 1, .optional = false, .slow = false, .act = [this] { save(); }},
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
  last_ = state_.train_step({.inputs = [this](const Slice& slice) { return task_.inputs(slice); },
                             .losses = [this](const auto& inputs) { return task_.losses(inputs); },
                             .replayable = task_.replayable(),
                             .count = [this](const at::Tensor& losses) { task_.count(losses); }},
                            should_stop);
  stop_ = last_.stop;
  pace_.add_step(std::chrono::duration<double>(Clock::now() - began).count(), state_.step, last_.loss,
                 last_.skipped);
  if (!last_.skipped) return;
  if (state_.world.first())
    log_warning("step ", state_.step, " skipped: loss ", last_.loss, ", gradient norm ", last_.grad_norm,
                " (", state_.skipped, " skipped so far)");
  const std::string bad = first_not_finite(state_);
  if (!bad.empty()) refuse_not_finite(bad, state_.step, run_.path());  // no step can mend that
  if (state_.skipped_in_a_row < kMaxSkippedInARow) return;
  state_.world.first_does([&] { give_up_diverged(state_.step, state_.skipped_in_a_row, run_.path()); });
}

void Trainer::log_step() {
  const double waited = task_.wait_seconds();
  line_ = {{task_.unit(), double(state_.units())},
           {"loss", last_.loss},
           {"lr", last_.lr},
           {"grad_norm", last_.grad_norm},
           {task_.unit() + "_per_second", pace_.per_second()},
           {"data_wait_fraction", pace_.wait_fraction(waited)},
           {"skipped_steps", double(state_.skipped)}};
  for (auto& value : task_.step_values(state_.world)) line_.push_back(std::move(value));
  pace_.restart(waited);
}

// Of the weights themselves and of the largest average.
void Trainer::validate() {
  for (auto& value : task_.validate(state_.world)) line_.push_back(std::move(value));
  if (state_.ema->largest() < 0) return;
  const SwappedWeights swapped = state_.with_largest_average();
  for (const auto& [name, value] : task_.validate(state_.world)) line_.emplace_back(name + "_ema", value);
}

void Trainer::write_line() {
  if (!line_.empty() && log_) log_->write(state_.step, line_);
  line_.clear();
}

// After the last step in any case. While steps are skipped it waits: their weights may be what is wrong.
void Trainer::save() {
  const int64_t interval = state_.options.checkpoint_interval;
  owes_checkpoint_ |= due(interval > 0 ? interval : state_.options.steps);
  if (!owes_checkpoint_ || (state_.skipped_in_a_row > 0 && !at_end())) return;
  owes_checkpoint_ = false;
  try_to_save(/*must=*/at_end(), [this] { save_checkpoint(state_, run_.path()); });
  pace_.restart(task_.wait_seconds());
}

// A disk may be full for a while.
void Trainer::try_to_save(bool must, const std::function<void()>& save) {
  try {
    save();
  } catch (const NotSaved& error) {
    if (must || state_.options.on_save_error == OnSaveError::kFail) throw;
    if (state_.world.first())
      log_warning(error.what(), "; training goes on, and the next one is tried (train.on_save_error)");
  }
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
    if (log_) log_->write(score->step, score->values);
  } else if (scorer.pending() && agree_to_stop()) {
    if (log_) log_warning("the evaluation that was going on is given up");
    scorer.give_up();
  }
}

// What a run that ended when it had saved this step was scoring, or was to score.
void Trainer::make_owed_score() {
  Scorer* scorer = task_.scorer();
  if (scorer == nullptr || state_.step == 0 || !due(state_.options.eval_interval)) return;
  if (agree_to_stop() || scored(state_.step)) return;
  start_scoring();
  if (at_end()) collect_score(/*wait=*/true);
}

TrainOutcome Trainer::interrupted() {
  pace_.finish();
  const fs::path saved = save_checkpoint(state_, run_.path());
  const auto reasons = state_.world.texts(why_stop());
  for (size_t r = 0; r < reasons.size() && state_.world.first(); ++r) {
    if (reasons[r].empty()) continue;
    uvic::write_line(c10::str(r > 0 ? c10::str("rank ", r, ": ") : "", reasons[r], ": saved ", saved.string(),
                              at_end() ? "; its score is still to come" : "",
                              "; the same command resumes from there"));
    break;
  }
  return TrainOutcome::kInterrupted;
}

bool is_finished(const RunDirectory& run, const TrainOptions& options, const Scorer* scorer) {
  const int64_t step = run.resume_step();
  return step > options.steps || (step == options.steps && has_score(scorer, run, options.steps));
}

std::string how_to_go_on(const RunDirectory& run, const OptimizerOptions& optimizer) {
  if (optimizer.schedule == RateSchedule::kConstant) return "raise train.steps to go on";
  return c10::str("optimizer.schedule ", optimizer.schedule,
                  " has come to its end; a new run can begin with its weights: another --out, --init-from ",
                  run.path().string());
}

}  // namespace uvic
