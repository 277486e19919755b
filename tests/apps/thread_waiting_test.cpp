// Threads that wait as a busy machine needs it, and what the user says about that.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "support/trained_run.h"

namespace uvic {
namespace {

/// Other programs that want every core.
class BusyMachine {
 public:
  BusyMachine() {
    for (unsigned i = 0; i < cores(); ++i)
      loops_.push_back(std::make_unique<testing::Process>("sh -c 'while :; do :; done'"));
  }
  ~BusyMachine() {
    for (const auto& loop : loops_) loop->send(SIGKILL);
    for (const auto& loop : loops_) loop->wait();
  }
  static unsigned cores() { return std::max(2U, std::thread::hardware_concurrency()); }

 private:
  std::vector<std::unique_ptr<testing::Process>> loops_;
};

/// The most threads that a training on all cores has within so many seconds, or until it has `enough`.
size_t most_threads(const std::string& variables, int seconds, size_t enough) {
  const testing::TrainedRun files(false);
  testing::Process process("env -u OMP_WAIT_POLICY -u GOMP_SPINCOUNT " + variables + " " +
                           files.train_command() + " --threads " + std::to_string(BusyMachine::cores()) +
                           " --set train.steps=1000000 --sample-interval 0 --checkpoint-interval 0");
  size_t most = 0;
  for (int i = 0; i < seconds * 20 && most < enough && process.running(); ++i) {
    testing::sleep_ms(50);
    most = std::max(most, process.threads());
  }
  process.send(SIGTERM);
  EXPECT_EQ(process.wait().code, 3);
  return most;
}

// One thread watches, and two sleep while others want the cores.
TEST(ThreadWaiting, AdaptsToABusyMachineUnlessTheUserHasChosen) {
  if (!std::filesystem::exists("/proc/self/schedstat"))
    GTEST_SKIP() << "this kernel does not count what it watches";
  const BusyMachine busy;
  const size_t alone = most_threads("GOMP_SPINCOUNT=1000", 5, SIZE_MAX);
  EXPECT_EQ(most_threads("OMP_WAIT_POLICY=passive", 5, SIZE_MAX), alone);
  EXPECT_EQ(most_threads("", 60, alone + 3), alone + 3);
}

}  // namespace
}  // namespace uvic
