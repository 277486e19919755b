#include "ranks.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <chrono>
#include <thread>

#include "core/device.h"
#include "core/environment.h"
#include "core/error_text.h"
#include "core/errors.h"
#include "core/log.h"
#include "core/rank_log.h"

namespace uvic {
namespace {

using namespace std::chrono_literals;

// A launcher ends all processes with the first that fails: those that have not met give rank 0, which says
// why, so much time.
constexpr auto kRank0Speaks = 2s;

// Of the CPU, where nobody has said how many.
void share_cores(const Launch& launch, const CommonOptions& common) {
  if (common.threads > 0) return;
  if (launch.by == "torchrun" && environment("OMP_NUM_THREADS") == "1")
    log_info(
        "torchrun has set OMP_NUM_THREADS=1, so that each process computes with one thread: --threads N, "
        "or OMP_NUM_THREADS=N before torchrun, gives it more");
  if (const int threads = threads_of_rank(launch); threads > 0) set_threads(threads);
}

// The GPU of its own, unless one was named; what is made without saying where is made there, too.
c10::Device device_of(const Launch& launch, const CommonOptions& common, c10::Device chosen) {
  if (!chosen.is_cuda()) return chosen;
  const bool named = common.device.find(':') != std::string::npos;
  const c10::Device device = named ? chosen : parse_device("cuda:" + std::to_string(launch.local_rank));
  c10::impl::VirtualGuardImpl(c10::kCUDA).setDevice(device);
  return device;
}

}  // namespace

int as_rank(const CommonOptions& common, Needs needs,
            const std::function<int(const World&, c10::Device)>& work) {
  const c10::Device chosen = common.apply();
  const Launch launch = find_launch();
  if (launch.alone()) return work({}, chosen);
  const c10::Device device = device_of(launch, common, chosen);
  set_rank(launch.rank);
  if (device.is_cpu()) share_cores(launch, common);
  try {
    check_launch(launch, device, needs);
  } catch (const UsageError&) {
    if (launch.rank > 0) {
      leave_errors_to_rank_0();
      std::this_thread::sleep_for(kRank0Speaks);
    }
    throw;
  }
  Job job(launch, device, needs);
  log_info(launch.by, ": this is rank 0 of ", launch.size, " processes, on ", device.str());
  try {
    const int code = work(job.world(), device);
    job.leave();
    return code;
  } catch (const std::exception& error) {
    if (!job.fail(error_text(error))) leave_errors_to_rank_0();
    return report_exception();  // before `job` ends, where all wait for all
  }
}

}  // namespace uvic
