#include "dist/job.h"

#include <sched.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <thread>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "core/environment.h"
#include "core/errors.h"
#include "core/log.h"
#include "core/machine.h"
#include "core/rank_log.h"
#include "dist/mpi_backend.h"
#include "dist/nccl_backend.h"
#include "dist/watch.h"

namespace uvic {
namespace {

using namespace std::chrono_literals;
using StorePtr = c10::intrusive_ptr<c10d::Store>;
using BackendPtr = c10::intrusive_ptr<c10d::Backend>;

// The watch ends a wait for a rank that is gone; a rank that computes for long is none.
constexpr auto kPatience = 24h;
// Of a store that does not answer at all.
constexpr auto kStoreAnswers = 25s;
constexpr size_t kAddressBytes = 256;

StorePtr open_store(const Meeting& meeting, bool serves, uint16_t* port = nullptr) {
  c10d::TCPStoreOptions options;
  options.port = meeting.port;
  options.isServer = serves;
  options.waitWorkers = false;
  options.timeout = 120s;  // to start
  auto store = c10::make_intrusive<c10d::TCPStore>(meeting.host, options);
  store->setTimeout(kPatience);
  if (port != nullptr) *port = store->getPort();
  return store;
}

/// MPI for as long as it lives, with a store whose address it tells.
struct Mpi {
  const MpiModule* module = nullptr;
  int rank = 0, size = 1;
  StorePtr store;

  void wait(void* request) const {
    while (!module->done(request)) std::this_thread::sleep_for(1ms);
  }
};

Mpi start_mpi(const Launch& launch) {
  Mpi mpi;
  std::string problem;
  mpi.module = open_mpi(problem);
  check_usage(mpi.module != nullptr, launch.by, " started ", launch.size, " processes, but ", problem);
  TORCH_CHECK(mpi.module->start(&mpi.rank, &mpi.size), "this MPI takes calls from its first thread alone");
  check_usage(mpi.size == launch.size && mpi.rank == launch.rank, launch.by, " says rank ", launch.rank,
              " of ", launch.size, ", but MPI ", mpi.rank, " of ", mpi.size,
              ": the launcher is another MPI's than libuvic_mpi.so was built for");
  std::array<char, kAddressBytes> address{};
  Meeting meeting{.host = launch.local_size == launch.size ? "localhost" : host_name()};
  if (mpi.rank == 0) {
    mpi.store = open_store(meeting, true, &meeting.port);
    const std::string text = c10::str(meeting.port, " ", meeting.host);
    text.copy(address.data(), address.size() - 1);
  }
  mpi.wait(mpi.module->broadcast(address.data(), address.size(), 0));
  if (mpi.rank > 0) {
    const std::string text = address.data();
    meeting.port = uint16_t(std::stoi(text));
    meeting.host = text.substr(text.find(' ') + 1);
    mpi.store = open_store(meeting, false);
  }
  return mpi;
}

StorePtr meet(const Meeting& meeting, int rank) {
  const StorePtr store = open_store(meeting, rank == 0 && !meeting.hosted);
  return c10::make_intrusive<c10d::PrefixStore>("uvic/" + meeting.attempt, store);
}

bool meets_by_mpi(const Launch& launch, c10::Device device) {
  return launch.mpi && !(device.is_cuda() && launch.meeting);
}

}  // namespace

void check_launch(const Launch& launch, c10::Device device, Needs needs) {
  if (launch.alone() || needs == Needs::kTexts) return;
  const bool gpu = device.is_cuda();
  check_usage(
      gpu ? has_nccl() : meets_by_mpi(launch, device), launch.by, " started ", launch.size,
      " processes (WORLD_SIZE=", launch.size, "), which would compute on ", device.str(),
      gpu ? ", but this build has no NCCL"
          : ": on CPUs they speak MPI; start them by mpirun -n N (or srun --mpi=pmix), or one process "
            "without a launcher");
}

struct Job::Links {
  Mpi mpi;  // no module: not by MPI
  StorePtr store;
  BackendPtr backend;
  std::unique_ptr<Watch> watch;
  bool told = false, alike = false, left = false;
};

Job::Job(const Launch& launch, c10::Device device, Needs needs) {
  if (launch.alone()) return;
  const bool gpu = device.is_cuda(), by_mpi = meets_by_mpi(launch, device);
  links_ = std::make_unique<Links>();
  if (by_mpi) links_->mpi = start_mpi(launch);
  links_->store = by_mpi ? links_->mpi.store : meet(*launch.meeting, launch.rank);
  if (gpu) {
    if (needs == Needs::kTensors)
      links_->backend = make_nccl_backend(links_->store, launch.rank, launch.size, device);
  } else if (by_mpi) {
    links_->backend = c10::make_intrusive<MpiBackend>(*links_->mpi.module, launch.rank, launch.size);
  }
  world_ = World(launch.rank, launch.size, device, links_->backend, links_->store);
  const auto names =
      world_.texts(c10::str("rank ", launch.rank, " (", host_name(), ", process ", getpid(), ")"));
  const StorePtr own = links_->store->clone();
  own->setTimeout(kStoreAnswers);
  links_->watch = std::make_unique<Watch>(own, launch.rank, names, WatchTimes{}, [](const std::string& why) {
    write_error(why);
    std::_Exit(1);
  });
}

void Job::leave() {
  if (!links_) return;
  links_->watch.reset();
  links_->store->setTimeout(60s);  // nobody watches any more
  // Rank 0 may keep the store: it goes last.
  const auto key = [](int rank) { return c10::str("left/", rank); };
  links_->store->set(key(world_.rank()), "left");
  for (int r = 1; r < world_.size() && world_.first(); ++r) links_->store->get(key(r));
  links_->left = true;
}

bool Job::fail(const std::string& error) {
  if (!links_ || !links_->watch) return true;
  links_->told = true;
  links_->alike = links_->watch->fail(error);
  return !links_->alike || world_.first();
}

// MPI is ended in order where all end: else its launcher sees that one did not, and ends the others.
Job::~Job() {
  if (!links_) return;
  try {
    if (!links_->left && !links_->told) fail("failed");
  } catch (const std::exception&) {  // the others are gone
  }
  links_->watch.reset();
  world_ = {};
  if (links_->backend && !links_->left && !links_->alike) links_->backend->abort();
  links_->backend.reset();
  if (links_->mpi.module != nullptr && (links_->left || links_->alike)) links_->mpi.module->finish();
}

int threads_of_rank(const Launch& launch) {
  if (launch.alone() || environment("OMP_NUM_THREADS")) return 0;
  cpu_set_t bound;
  CPU_ZERO(&bound);
  if (sched_getaffinity(0, sizeof bound, &bound) != 0) return 0;
  const int mine = CPU_COUNT(&bound);
  return mine < sysconf(_SC_NPROCESSORS_ONLN) ? mine : std::max(1, mine / launch.local_size);
}

}  // namespace uvic
