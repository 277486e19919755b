// A thread of libgomp that waits for the others of its parallel region spins for some 10 ms before it sleeps.
// Alone on a machine that is right: a small network has thousands of regions a second, and waking a thread
// costs more than a region. Beside another load it is ruinous: whoever spins uses up the time for which the
// one that is waited for could have run. How long it spins, libgomp reads once from the environment, and no
// one number is right for both. But it spins a thousandth of that while it has more threads than the machine
// has cores (gomp_managed_threads and gomp_throttled_spin_count_var in its config/linux/wait.h): so, while
// the cores are wanted by others, it is given threads that sleep.
#include "thread_waiting.h"

#include <ATen/Parallel.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "core/environment.h"

namespace uvic {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{500};
// Seconds of waiting for a core, over all threads, a second. Of two that spin on two cores it is 0.03 to 0.1
// where nobody else is, or somebody of the lowest priority, and 0.6 to 1.1 beside one busy loop (2026-11).
constexpr double kBusy = 0.25;
// For how many looks threads sleep before they try again: more and more while the machine stays busy.
constexpr int kFirstSleep = 4, kLongestSleep = 64;
constexpr int kLargestCrowd = 6;

/// Threads of libgomp that sleep for as long as it lives.
class Crowd {
 public:
  explicit Crowd(int threads) : holder_([this, threads] { sleep_together(threads); }) {}
  ~Crowd() {
    over_ = true;
    over_.notify_all();
    holder_.join();  // at whose end libgomp ends the others
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

 private:
  void sleep_together([[maybe_unused]] int threads) const {
#pragma omp parallel num_threads(threads)
    over_.wait(false);
  }
  std::atomic<bool> over_ = false;
  std::thread holder_;
};

/// As many as make libgomp's threads one more than the cores; 0 where that would be many, as with so many
/// cores to spare the system finds one, and where nobody waits.
int crowd_size() {
  const int own = at::get_num_threads(), size = omp_get_num_procs() - own + 2;
  return own > 1 && size > 1 && size <= kLargestCrowd ? size : 0;
}

/// None where the system refuses the threads. libgomp would end the process then, so that is tried before.
std::unique_ptr<Crowd> gather(int threads) {
  try {
    {
      std::vector<std::jthread> started;
      for (int i = 0; i < threads; ++i)
        started.emplace_back([] { std::this_thread::sleep_for(std::chrono::milliseconds(1)); });
    }
    return std::make_unique<Crowd>(threads);
  } catch (const std::system_error&) {
    return nullptr;
  }
}

/// Seconds for which threads of this process have been ready to run and had no core; of a system that does
/// not count them, 0.
double seconds_without_core() {
  double nanoseconds = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator task("/proc/self/task", error), end; !error && task != end;
       task.increment(error)) {
    double ran = 0, waited = 0;
    if (std::ifstream(task->path() / "schedstat") >> ran >> waited) nanoseconds += waited;
  }
  return nanoseconds * 1e-9;
}

class Watch {
 public:
  Watch() : thread_([this](const std::stop_token& stop) { look_until(stop); }) {}

 private:
  // Only threads that spin show whether others want the cores: those that sleep are now and then woken where
  // another runs, and leave the cores to whoever has nothing better.
  void look_until(const std::stop_token& stop) {
    std::unique_ptr<Crowd> crowd;
    int asleep = 0, sleep_for = kFirstSleep;
    auto then = Clock::now();
    for (double before = seconds_without_core(); sleep(stop);) {
      const auto now = Clock::now();
      const double waited = seconds_without_core();
      const bool busy = waited - before > kBusy * std::chrono::duration<double>(now - then).count();
      if (crowd) {
        if (++asleep == sleep_for) crowd.reset();
      } else if (const int size = crowd_size(); busy && size > 0) {
        sleep_for = asleep == 0 ? kFirstSleep : std::min(2 * sleep_for, kLongestSleep);
        asleep = 0;
        crowd = gather(size);
      } else {
        asleep = 0;
      }
      then = now;
      before = waited;
    }
  }

  bool sleep(const std::stop_token& stop) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    stopped_.wait_for(lock, stop, kLook, [] { return false; });
    return !stop.stop_requested();
  }

  std::condition_variable_any stopped_;
  std::jthread thread_;
};

}  // namespace

void adapt_thread_waiting() {
  if (environment("OMP_WAIT_POLICY") || environment("GOMP_SPINCOUNT")) return;
  try {
    static const Watch watch;
  } catch (const std::system_error&) {  // no thread is left for it
  }
}

}  // namespace uvic
