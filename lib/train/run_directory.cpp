#include "train/run_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/config.h"
#include "core/errors.h"
#include "core/log.h"
#include "core/text.h"
#include "io/atomic_file.h"
#include "sampling/weights_file.h"
#include "train/checkpoint.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

// Keys that a resumed run may change: they do not touch what is computed, or say when to stop and what to
// keep.
constexpr std::array kMayChange = {"train.steps",
                                   "train.log_interval",
                                   "train.sample_interval",
                                   "train.keep",
                                   "train.checkpoint_interval",
                                   "train.val_interval",
                                   "train.snapshot_interval",
                                   "train.eval_interval",
                                   "train.eval_images",
                                   "train.eval_stats",
                                   "train.eval_features",
                                   "data.path",
                                   "data.val_path",
                                   "data.workers",
                                   "data.cache"};

void check_same_config(const Config& config, const std::string& earlier_yaml, const fs::path& path) {
  Config earlier, current = config;
  load_yaml(fields_of(earlier), earlier_yaml, (path / "config.yaml").string());
  auto keys = differing_keys(earlier, current);
  std::erase_if(keys, [](const std::string& key) {
    return std::find(kMayChange.begin(), kMayChange.end(), key) != kMayChange.end();
  });
  check_usage(keys.empty(), path.string(), ": holds a run with another config; ", join(keys, ", "),
              keys.size() == 1 ? " differs" : " differ",
              ". Use its config, another --out, or --restart to move it aside");
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void move_aside(const fs::path& path) {
  int number = 1;
  const auto aside = [&] { return fs::path(path.string() + ".old-" + std::to_string(number)); };
  while (fs::exists(aside())) ++number;
  fs::rename(path, aside());
  log_info("moved the earlier run to ", aside().string());
}

bool holds_files(const fs::path& path) {
  return std::any_of(fs::directory_iterator(path), fs::directory_iterator{},
                     [](const auto& entry) { return entry.path().filename() != ".lock"; });
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

}  // namespace

void check_run_path(const fs::path& path) {
  check_usage(!path.empty(), "--out: give the run directory");
  fs::path existing = fs::absolute(path);
  while (!fs::exists(existing)) existing = existing.parent_path();
  check_usage(fs::is_directory(existing), "--out ", path.string(), ": ", existing.string(),
              " is not a folder");
  check_usage(access(existing.c_str(), W_OK) == 0, "--out ", path.string(), ": cannot write in ",
              existing.string());
}

RunDirectory::RunDirectory(fs::path path, const Config& config, bool restart) : path_(std::move(path)) {
  while (path_.has_parent_path() && !path_.has_filename())
    path_ = path_.parent_path();  // "runs/x/" is "runs/x"
  check_run_path(path_);
  fs::create_directories(path_);
  lock();
  if (restart && holds_files(path_)) {
    move_aside(path_);
    close(lock_);
    fs::create_directories(path_);
    lock();
  }
  const fs::path config_file = path_ / "config.yaml";
  if (fs::exists(config_file)) {
    remove_leftovers(path_ / "checkpoints");
    resume_from_ = latest_checkpoint(path_);
    check_same_config(config, resume_from_.empty() ? read_text(config_file) : checkpoint_config(resume_from_),
                      path_);
  } else {
    check_usage(!holds_files(path_), "--out ", path_.string(),
                ": the folder holds files but no config.yaml, so it is not ", "a run; choose another");
  }
  write_file_atomically(config_file, config.to_yaml());
}

RunDirectory::~RunDirectory() {
  if (lock_ >= 0) close(lock_);
}

void RunDirectory::lock() {
  lock_ = open((path_ / ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
  check_usage(lock_ >= 0 && flock(lock_, LOCK_EX | LOCK_NB) == 0, "--out ", path_.string(),
              ": another uvic-train is running there");
}

void RunDirectory::truncate_metrics(int64_t step) const {
  const fs::path file = path_ / "metrics.jsonl";
  if (!fs::exists(file)) return;
  std::ifstream lines(file);
  std::string kept, line;
  while (std::getline(lines, line)) {
    // The last line may be cut short by a kill: what does not parse is dropped too.
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_object() && json.value("step", INT64_MAX) <= step) kept += line + "\n";
  }
  write_file_atomically(file, kept);
}

}  // namespace uvic
