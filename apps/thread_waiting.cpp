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
#include <sched.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <fstream>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "core/environment.h"

namespace uvic {
namespace {

using Clock = std::chrono::steady_clock;

// Ticks of 10 ms are what /proc/stat counts in.
constexpr std::chrono::milliseconds kLook{500};
// Cores: as little of one in the hands of others makes each region wait now and then for the whole of a time
// slice.
constexpr double kBusy = 0.2, kQuiet = 0.1;
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
  void sleep_together(int threads) const {
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

struct CpuTime {
  double all = 0;  ///< seconds for which the cores that this process may use have worked, for whomever
  double own = 0;  ///< seconds for which this process has
};

// From the lines "cpuN user nice system idle iowait irq softirq ..." of /proc/stat, in ticks.
CpuTime cpu_time(const cpu_set_t& cores) {
  CpuTime time;
  std::ifstream lines("/proc/stat");
  std::string name;
  for (std::array<double, 7> ticks{}; lines >> name && name.starts_with("cpu");) {
    for (double& count : ticks) lines >> count;
    lines.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    if (name == "cpu" || !CPU_ISSET(std::stoul(name.substr(3)), &cores)) continue;
    const auto [user, nice, system, idle, iowait, irq, softirq] = ticks;
    time.all += (user + nice + system + irq + softirq) / double(sysconf(_SC_CLK_TCK));
  }
  timespec own{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
  time.own = double(own.tv_sec) + 1e-9 * double(own.tv_nsec);
  return time;
}

class Watch {
 public:
  Watch() : thread_([this](const std::stop_token& stop) { look_until(stop); }) {}

 private:
  void look_until(const std::stop_token& stop) {
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof cores, &cores) != 0) return;
    std::unique_ptr<Crowd> crowd;
    auto then = Clock::now();
    for (CpuTime before = cpu_time(cores); sleep(stop);) {
      const auto now = Clock::now();
      const CpuTime time = cpu_time(cores);
      const double others = ((time.all - before.all) - (time.own - before.own)) /
                            std::chrono::duration<double>(now - then).count();
      // How many cores they lack: those that others use, less those that this process leaves free.
      const double wanted = others - (CPU_COUNT(&cores) - at::get_num_threads());
      const int size = crowd_size();
      if (crowd && wanted < kQuiet) crowd.reset();
      if (!crowd && wanted > kBusy && size > 0) crowd = gather(size);
      then = now;
      before = time;
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
