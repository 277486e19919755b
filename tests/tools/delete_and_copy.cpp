// `delete_and_copy [SEEDS [STEPS]]`: what is left of the target's variance, for every kind of attention with
// one head and with two, as in the README's table. By default 5 seeds of 2000 steps.
#include "tools/delete_and_copy.h"

#include <c10/util/Exception.h>
#include <c10/util/StringUtil.h>

#include <cstdio>
#include <cstdlib>

#include "core/device.h"
#include "train/paired.h"

namespace uvic {
namespace {

void print_row(const std::string& name, testing::DeleteAndCopy task, int64_t seeds) {
  std::printf("| %s |", name.c_str());
  for (const int64_t heads : {1, 2}) {
    std::vector<double> errors;
    task.heads = heads;
    for (int64_t seed = 0; seed < seeds; ++seed) errors.push_back(task.train(seed));
    const Estimate left = estimate(errors);
    std::printf(" %.3f ± %.3f |", left.mean, left.standard_error);
    std::fflush(stdout);
  }
  std::printf("\n");
}

int run(int argc, char** argv) {
  const int64_t seeds = argc > 1 ? std::atoll(argv[1]) : 5, steps = argc > 2 ? std::atoll(argv[2]) : 2000;
  TORCH_CHECK(seeds > 1 && steps > 0, "usage: delete_and_copy [SEEDS [STEPS]], two seeds or more");
  set_threads(1);
  std::printf("| attention | 1 head | 2 heads |\n|---|---:|---:|\n");
  testing::DeleteAndCopy task;
  task.steps = steps;
  for (const auto& [kind, name] : kAttentionKinds) {
    task.kind = kind;
    print_row(name, task, seeds);
  }
  task.qk_norm = task.gate = true;
  for (const AttentionKind kind : {AttentionKind::kCog, AttentionKind::kSoftmax}) {
    task.kind = kind;
    print_row(c10::str(name_of(kind), ", QK-norm and gate"), task, seeds);
  }
  return 0;
}

}  // namespace
}  // namespace uvic

int main(int argc, char** argv) {
  try {
    return uvic::run(argc, argv);
  } catch (const c10::Error& error) {
    std::fprintf(stderr, "%s\n", error.what_without_backtrace());
    return 1;
  }
}
