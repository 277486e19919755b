#include "train/run_directory.h"

#include <algorithm>

#include "core/errors.h"
#include "core/log.h"
#include "core/text.h"
#include "io/atomic_file.h"
#include "io/output_path.h"
#include "io/read_file.h"
#include "recipe/layout.h"
#include "train/checkpoint.h"
#include "train/diverged.h"
#include "train/optimizer.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

constexpr auto kLock = ".lock";

// The lock and what a task remembers are hidden.
bool holds_files(const fs::path& path) {
  return std::any_of(fs::directory_iterator(path), fs::directory_iterator{},
                     [](const auto& entry) { return !entry.path().filename().string().starts_with('.'); });
}

// What a killed run was writing or removing. The lock says that nobody is at it any more.
void remove_leftovers(const fs::path& checkpoints) {
  if (!fs::is_directory(checkpoints)) return;
  std::vector<fs::path> leftovers;
  for (const auto& entry : fs::directory_iterator(checkpoints)) {
    if (entry.path().filename().string().find(".tmp-") != std::string::npos)
      leftovers.push_back(entry.path());
  }
  for (const fs::path& leftover : leftovers) fs::remove_all(leftover);
}

/// A checkpoint to go on from, and newer ones that are damaged, with what is wrong with each.
struct Found {
  fs::path whole;
  std::vector<std::pair<fs::path, std::string>> damaged;
};

// Empty if there are no checkpoints at all.
Found find_checkpoint(const fs::path& run) {
  Found found;
  std::vector<std::string> problems;
  for (const fs::path& checkpoint : checkpoints_of(run)) {
    problems.push_back(damage_of_checkpoint(checkpoint));
    if (problems.back().empty()) {
      found.whole = checkpoint;
      return found;
    }
    found.damaged.emplace_back(checkpoint, problems.back());
  }
  check_usage(problems.empty(), run.string(),
              ": none of its checkpoints can be gone on from: ", join(problems, "; "),
              ". --restart moves the run aside and begins anew");
  return found;
}

}  // namespace

bool is_run(const fs::path& path) {
  return fs::exists(path / "config.yaml");
}

void check_run_path(const fs::path& path) {
  check_usage(!path.empty(), "--out: give the run directory");
  check_output_folder("--out", path);
}

RunMemory::RunMemory(fs::path run_directory)
    : folder_(std::move(run_directory)), made_(fs::create_directories(folder_)) {
  if (!made_ && !is_run(folder_) && holds_files(folder_)) folder_.clear();
}

// No more than what it may have brought: somebody else may have begun a run there meanwhile.
RunMemory::~RunMemory() {
  if (!made_ || is_run(folder_)) return;
  std::error_code ignored;
  std::vector<fs::path> remembered;
  for (const auto& entry : fs::directory_iterator(folder_, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.') && name != kLock) remembered.push_back(entry.path());
  }
  for (const fs::path& file : remembered) fs::remove(file, ignored);
  fs::remove(folder_, ignored);  // unless there is more in it
}

RunDirectory::RunDirectory(fs::path path, const RunConfig& config, bool restart, const World& world)
    : path_(std::move(path)), config_yaml_(config.yaml) {
  while (path_.has_parent_path() && !path_.has_filename())
    path_ = path_.parent_path();  // "runs/x/" is "runs/x"
  resume_from_ = world.on_first([&] {
    begin(config, restart);
    return resume_from_.string();
  });
}

void RunDirectory::begin(const RunConfig& config, bool restart) {
  check_run_path(path_);
  const auto lock = [&] {
    fs::create_directories(path_);
    lock_ = FileLock(path_ / kLock, "--out " + path_.string() + ": another uvic-train is running there");
  };
  lock();
  if (restart && is_run(path_)) {
    log_info("moved the earlier run to ", move_aside(path_, "old").string());
    lock();
  }
  const fs::path config_file = path_ / "config.yaml";
  if (is_run(path_)) {
    remove_leftovers(path_ / "checkpoints");
    const Found found = find_checkpoint(path_);
    resume_from_ = found.whole;
    const std::string earlier =
        resume_from_.empty() ? read_text(config_file) : checkpoint_config(resume_from_);
    config.check_resume(earlier, config_file.string(), path_.string(), resume_step());
    for (const auto& [checkpoint, problem] : found.damaged) {
      log_warning(problem, "; going on from ", resume_from_.filename().string(), ", kept as ",
                  move_aside(checkpoint, "damaged").string());
    }
  } else {
    check_usage(!holds_files(path_), "--out ", path_.string(),
                ": the folder holds files but no config.yaml, so it is not ", "a run; choose another");
  }
  write_file_atomically(config_file, config_yaml_);
}

int64_t RunDirectory::resume_step() const {
  return resume_from_.empty() ? 0 : checkpoint_step(resume_from_.filename().string());
}

void refuse_changes(const std::vector<std::string>& keys, const std::string& run) {
  check_usage(keys.empty(), run, ": holds a run with another config; ", join(keys, ", "),
              keys.size() == 1 ? " differs" : " differ",
              ". Use its config, another --out, or --restart to move it aside");
}

void check_same_rate(const OptimizerOptions& optimizer, int64_t steps_then, int64_t steps_now, int64_t step,
                     const std::string& run) {
  if (steps_then == steps_now) return;
  const double then = learning_rate(optimizer, step, steps_then),
               now = learning_rate(optimizer, step, steps_now);
  check_usage(then == now, run, ": train.steps is ", steps_then, " there and ", steps_now,
              " here, and optimizer.schedule ", optimizer.schedule,
              " ends at train.steps: the learning rate would "
              "jump from ",
              then, " to ", now, " at step ", step,
              ". Keep train.steps, or begin a new run from these weights: --init-from ", run,
              " and another --out");
}

}  // namespace uvic
