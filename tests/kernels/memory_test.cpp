// The fused kernel's memory is O(N) a head, seen from outside: the peak of a process.
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>

#include "kernels/cpu/cog_attention_cpu.h"
#include "support/support.h"

namespace uvic {
namespace {

long peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

// Peak bytes beyond inputs, outputs and gradients: forward and backward at B = H = 1, two threads.
long extra_bytes(int64_t N, AttentionKind kind, bool causal, const std::vector<int64_t>& documents) {
  at::set_num_threads(2);
  const auto work = [&](int64_t n, at::IntArrayRef bounds) {
    const at::Tensor q = at::ones({1, 1, n, 64}), k = at::ones_like(q), v = at::ones_like(q);
    const auto& isa = cpu::default_isa();
    const auto [out, lse] = cpu::forward(isa, kind, q, k, v, 0.125, causal, bounds);
    const auto gradients = cpu::backward(isa, kind, out, q, k, v, out, lse, 0.125, causal, bounds);
    return long(7 * q.nbytes() + lse.nbytes());  // q, k, v, out and three gradients
  };
  work(200, {});  // threads, dispatcher
  const long before = peak_bytes();
  const long named = work(N, documents);
  return peak_bytes() - before - named;
}

// Each in a process of its own.
void expect_sixteen_thousand_tokens_in_under_64_mib(AttentionKind kind, bool causal,
                                                    const std::vector<int64_t>& documents) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto measure = [&] {
    const long extra = extra_bytes(16384, kind, causal, documents);  // one [N, N] matrix is 1 GiB
    std::fprintf(stderr, "%ld MiB beyond inputs, output and gradients\n", extra >> 20);
    std::exit(extra < 64L << 20 ? 0 : 1);
  };
  EXPECT_EXIT(measure(), ::testing::ExitedWithCode(0), "MiB beyond");
}

TEST(FusedMemory, SixteenThousandTokensInUnder64MiB) {
  expect_sixteen_thousand_tokens_in_under_64_mib(AttentionKind::kCog, false, {});
}

TEST(FusedMemory, SixteenThousandCausalTokensOfDocumentsInUnder64MiB) {
  expect_sixteen_thousand_tokens_in_under_64_mib(AttentionKind::kSoftmax, true, {0, 100, 16384});
}

}  // namespace
}  // namespace uvic
