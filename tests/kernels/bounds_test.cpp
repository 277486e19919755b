// No kernel reads or writes outside its arguments: every buffer ends at a page that must not be touched and
// starts behind a band of known bytes.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "kernels/cpu/cog_attention_cpu.h"
#include "support/support.h"

namespace uvic {
namespace {

constexpr size_t kPage = 4096, kBand = 256;
constexpr unsigned char kBandByte = 0xa5;

// `bytes` that end where a forbidden page begins (64-byte aligned where bytes is a multiple of 64).
class Guarded {
 public:
  explicit Guarded(size_t bytes) : bytes_(bytes), mapped_((bytes + kBand + kPage - 1) / kPage * kPage) {
    base_ = static_cast<char*>(
        mmap(nullptr, mapped_ + kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    TORCH_CHECK(base_ != MAP_FAILED && mprotect(base_ + mapped_, kPage, PROT_NONE) == 0);
    std::memset(base_, kBandByte, mapped_);
  }
  ~Guarded() { munmap(base_, mapped_ + kPage); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  char* data() const { return base_ + mapped_ - bytes_; }
  bool band_is_whole() const {
    for (size_t i = 1; i <= kBand; ++i)
      if ((unsigned char)(data()[-long(i)]) != kBandByte) return false;
    return true;
  }

 private:
  size_t bytes_, mapped_;
  char* base_;
};

class Bounds : public ::testing::TestWithParam<size_t> {};

void check(const cpu::Isa& isa, at::ScalarType dtype, int64_t N, int64_t M, int64_t D, bool causal) {
  const size_t width = at::elementSize(dtype), statistics = dtype == at::kDouble ? 8 : 4;
  const cpu::KernelSet& set = *isa.kernels(AttentionKind::kCog);
  const cpu::Kernels& kernels = dtype == at::kFloat ? set.f32 : dtype == at::kDouble ? set.f64 : set.bf16;
  const Guarded q(size_t(N * D) * width), k(size_t(M * D) * width), v(size_t(M * D) * width),
      out(size_t(N * D) * width), grad_out(size_t(N * D) * width), grad_q(size_t(N * D) * width),
      grad_k(size_t(M * D) * width), grad_v(size_t(M * D) * width), lse(size_t(N) * statistics);
  const auto fill = [&](const Guarded& buffer, int64_t n) {
    at::from_blob(buffer.data(), {n, D}, at::TensorOptions().dtype(dtype))
        .copy_(at::linspace(-1, 1, n * D).view({n, D}));
  };
  fill(q, N), fill(k, M), fill(v, M), fill(grad_out, N);
  cpu::Problem p;
  p.B = p.H = 1, p.N = N, p.M = M, p.D = D, p.scale = 0.25, p.causal = causal;
  const auto view = [&](const Guarded& x, int64_t n) { return cpu::View{x.data(), n * D, n * D, D}; };
  p.q = view(q, N), p.k = view(k, M), p.v = view(v, M), p.out = view(out, N), p.grad_out = view(grad_out, N);
  p.grad_q = view(grad_q, N), p.grad_k = view(grad_k, M), p.grad_v = view(grad_v, M);
  p.lse = lse.data();
  const Guarded forward_space(size_t(kernels.forward_bytes(p)));
  kernels.forward(p, 0, kernels.q_blocks(N), forward_space.data());
  for (const int64_t splits : {1, 2}) {
    p.q_splits = std::min(splits, kernels.q_blocks(N));
    const Guarded space(size_t(kernels.backward_bytes(p))),
        partials(size_t(p.q_splits * kernels.partial_bytes(p)));
    p.partials = partials.data();
    kernels.backward(p, 0, p.q_splits, space.data());
    if (p.q_splits > 1) kernels.reduce(p, 0, 1);
    EXPECT_TRUE(space.band_is_whole() && partials.band_is_whole());
  }
  for (const Guarded* buffer : {&q, &k, &v, &out, &grad_out, &grad_q, &grad_k, &grad_v, &lse, &forward_space})
    EXPECT_TRUE(buffer->band_is_whole()) << N << " " << M << " " << D;
}

TEST_P(Bounds, NothingOutsideIsTouched) {
  for (const auto dtype : {at::kFloat, at::kBFloat16, at::kDouble})
    for (const int64_t D : {8, 64, 72, 120})
      for (const auto& [N, M] : {std::pair<int64_t, int64_t>{1, 1}, {5, 66}, {97, 97}, {191, 600}})
        for (const bool causal : {false, true})
          check(cpu::supported_isas()[GetParam()], dtype, N, M, D, causal);
}

INSTANTIATE_TEST_SUITE_P(Isa, Bounds, ::testing::Range(size_t(0), cpu::supported_isas().size()));

}  // namespace
}  // namespace uvic
