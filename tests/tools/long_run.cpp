// `long_run [STEPS]`: does a training of many steps use up what it is given? The tiny network with previews,
// validation and checkpoints on the way; memory and open files at step 1,000 and at the end, while its
// measurements are read as a reader would who does not wait for the end. Exit code 1 if memory has grown by
// more than 2 %, files are left open, or a measurement could not be read.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <limits>
#include <optional>
#include <stdexcept>

#include "io/truncate_events.h"
#include "support/trained_run.h"
#include "train/run_log.h"

namespace uvic::testing {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kWarmStep = 1000;

struct Usage {
  int64_t step = 0, resident_kib = 0, files = 0;
};

fs::path of_process(const Process& process, const char* name) {
  return fs::path("/proc") / std::to_string(process.id()) / name;
}

int64_t resident_kib(const Process& process) {
  std::ifstream lines(of_process(process, "status"));
  for (std::string word; lines >> word;) {
    int64_t kib = 0;
    if (word == "VmRSS:" && lines >> kib) return kib;
  }
  return 0;
}

// The fewest of some moments: a checkpoint's writer has one more.
int64_t open_files(const Process& process) {
  int64_t fewest = std::numeric_limits<int64_t>::max();
  for (int look = 0; look < 20; ++look, sleep_ms(10)) {
    std::error_code ended;
    const fs::directory_iterator files(of_process(process, "fd"), ended);
    if (!ended) fewest = std::min<int64_t>(fewest, std::distance(begin(files), end(files)));
  }
  return fewest;
}

// The last step of metrics.jsonl, each line of which must follow the one before.
int64_t last_step(const fs::path& run) {
  std::ifstream lines(run / "metrics.jsonl");
  int64_t last = 0;
  for (std::string line; std::getline(lines, line) && !lines.eof();) {
    std::optional<int64_t> of;
    read_metrics_line(line, [&](int64_t step, const std::string&, double) { of = step; });
    if (!of || *of <= last) throw std::runtime_error("metrics.jsonl: cannot be read: " + line);
    last = *of;
  }
  return last;
}

// A copy of the events, from which whatever is no whole record is then dropped.
void read_events(const fs::path& run, const fs::path& copy) {
  for (const auto& entry : fs::directory_iterator(run)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("events.out.tfevents.")) continue;
    fs::remove_all(copy);
    fs::create_directory(copy);
    fs::copy(entry.path(), copy / name);
    const auto size = fs::file_size(copy / name);
    truncate_events(copy, std::numeric_limits<int64_t>::max());
    if (!fs::exists(copy / name) || fs::file_size(copy / name) != size)
      throw std::runtime_error(name + ": holds what is no whole record");
  }
}

int watch(int64_t steps) {
  const TrainedRun files(/*train=*/false);
  const fs::path run = files / "run";
  Process process(files.train_command() + " --quiet --set train.snapshot_interval=0 --steps " +
                  std::to_string(steps) +
                  " --log-interval 10 --val-interval 100 --sample-interval 250 --checkpoint-interval 250");
  std::optional<Usage> warm;
  Usage now;
  for (int64_t looks = 0; process.running(); ++looks) {
    sleep_ms(200);
    if (!fs::exists(run / "metrics.jsonl")) continue;
    const Usage look{last_step(run), resident_kib(process), open_files(process)};
    if (look.resident_kib == 0) break;  // it has ended meanwhile
    now = look;
    if (!warm && now.step >= kWarmStep) warm = now;
    if (looks % 50 == 0) {
      read_events(run, files / "copy");
      std::printf("step %6ld  %ld KiB, %ld open files\n", now.step, now.resident_kib, now.files);
      std::fflush(stdout);
    }
  }
  const auto result = process.wait();
  if (result.code != 0) throw std::runtime_error(result.err);
  if (!warm || last_step(run) != steps)
    throw std::runtime_error("it ended at step " + std::to_string(last_step(run)));
  const double growth = double(now.resident_kib) / double(warm->resident_kib) - 1;
  std::printf("step %ld: %ld KiB, %ld open files; step %ld: %ld KiB, %ld open files: memory %+.2f %%\n",
              warm->step, warm->resident_kib, warm->files, now.step, now.resident_kib, now.files,
              100 * growth);
  return growth <= 0.02 && now.files == warm->files ? 0 : 1;
}

}  // namespace
}  // namespace uvic::testing

int main(int argc, char** argv) {
  try {
    return uvic::testing::watch(argc > 1 ? std::stol(argv[1]) : 20000);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
