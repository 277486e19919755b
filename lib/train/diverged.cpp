#include "train/diverged.h"

#include <c10/util/StringUtil.h>

#include <stdexcept>

#include "recipe/layout.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

// The same command would repeat the same steps, and these keys may not change when a run goes on.
std::string advice(const fs::path& run_directory) {
  const fs::path latest = latest_checkpoint(run_directory);
  return "; begin a new run with a lower optimizer.lr or with train.grad_clip: another --out" +
         (latest.empty() ? "" : ", and --init-from " + latest.string() + " for the last good weights");
}

}  // namespace

fs::path move_aside(const fs::path& path, const std::string& ending) {
  for (int number = 1;; ++number) {
    const fs::path aside = path.string() + "." + ending + "-" + std::to_string(number);
    if (fs::exists(aside)) continue;
    fs::rename(path, aside);
    return aside;
  }
}

void refuse_not_finite(const std::string& bad, int64_t step, const fs::path& run_directory) {
  throw std::runtime_error(c10::str(
      "step ", step, ": ", bad, " holds values that are not finite (NaN or infinity), so nothing is saved",
      advice(run_directory)));
}

void give_up_diverged(int64_t step, int64_t steps_in_a_row, const fs::path& run_directory) {
  std::string aside;
  for (const fs::path& checkpoint : checkpoints_of(run_directory)) {
    if (checkpoint_step(checkpoint.filename().string()) >= step - steps_in_a_row)
      aside += "; moved its weights to " + move_aside(checkpoint, "diverged").string();
  }
  throw std::runtime_error(c10::str("step ", step, ": the loss or the gradient was not finite ",
                                    steps_in_a_row, " steps in a row", aside, advice(run_directory)));
}

}  // namespace uvic
