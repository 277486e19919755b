// No kernel reads or writes outside its arguments: every buffer ends at a page that must not be touched and
// starts behind a band of known bytes.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>

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
  /// Whether the band is as it was, and with it the first `more` of the bytes.
  bool band_is_whole(size_t more = 0) const {
    return std::all_of(data() - kBand, data() + more,
                       [](char byte) { return (unsigned char)(byte) == kBandByte; });
  }

 private:
  size_t bytes_, mapped_;
  char* base_;
};

class Bounds : public ::testing::TestWithParam<size_t> {};

// N queries and M keys from the position `first` on of tensors that end with them.
void check(const cpu::Isa& isa, AttentionKind kind, at::ScalarType dtype, int64_t first, int64_t N, int64_t M,
           int64_t D, bool causal) {
  const size_t width = at::elementSize(dtype), statistics = dtype == at::kDouble ? 8 : 4;
  const cpu::KernelSet& set = *isa.kernels(kind);
  const cpu::Kernels& kernels = dtype == at::kFloat ? set.f32 : dtype == at::kDouble ? set.f64 : set.bf16;
  const size_t row = size_t(D) * width, n = size_t(first + N), m = size_t(first + M);
  const Guarded q(n * row), k(m * row), v(m * row), out(n * row), grad_out(n * row), grad_q(n * row),
      grad_k(m * row), grad_v(m * row), lse(n * statistics);
  const auto fill = [&](const Guarded& buffer, int64_t rows) {
    const auto all = at::from_blob(buffer.data(), {first + rows, D}, at::TensorOptions().dtype(dtype));
    all.narrow(0, 0, first).fill_(NAN);
    all.narrow(0, first, rows).copy_(at::linspace(-1, 1, rows * D).view({rows, D}));
  };
  fill(q, N), fill(k, M), fill(v, M), fill(grad_out, N);
  cpu::Problem p;
  p.H = p.heads = 1, p.N = N, p.M = M, p.D = D, p.first_token = first, p.scale = 0.25, p.causal = causal;
  const auto view = [&](const Guarded& x) { return cpu::View{x.data(), 0, 0, D}; };
  p.q = view(q), p.k = view(k), p.v = view(v), p.out = view(out), p.grad_out = view(grad_out);
  p.grad_q = view(grad_q), p.grad_k = view(grad_k), p.grad_v = view(grad_v);
  p.lse = lse.data(), p.lse_stride = first + N;
  for (const int64_t splits : {1, 2}) {
    p.splits = std::min(splits, kernels.forward_blocks(p));
    const Guarded forward_space(size_t(kernels.forward_bytes(p)));
    for (int64_t item = 0; item < p.splits; ++item) kernels.forward(p, item, forward_space.data());
    p.splits = std::min(splits, kernels.backward_blocks(p));
    const Guarded space(size_t(kernels.backward_bytes(p))),
        partials(size_t(p.splits * kernels.partial_bytes(p)));
    p.partials = partials.data();
    for (int64_t item = 0; item < p.splits; ++item) kernels.backward(p, item, space.data());
    if (p.splits > 1) kernels.reduce(p, 0);
    EXPECT_TRUE(forward_space.band_is_whole() && space.band_is_whole() && partials.band_is_whole());
  }
  for (const Guarded* buffer : {&q, &k, &v, &grad_out}) EXPECT_TRUE(buffer->band_is_whole());
  for (const Guarded* buffer : {&out, &grad_q, &grad_k, &grad_v}) {
    EXPECT_TRUE(buffer->band_is_whole(size_t(first) * row)) << N << " " << M << " " << D;
    const int64_t rows = buffer == &out || buffer == &grad_q ? N : M;
    EXPECT_TRUE(
        at::from_blob(buffer->data() + size_t(first) * row, {rows, D}, at::TensorOptions().dtype(dtype))
            .isfinite()
            .all()
            .item<bool>());
  }
  EXPECT_TRUE(lse.band_is_whole(size_t(first) * statistics));
}

TEST_P(Bounds, NothingOutsideIsTouched) {
  for (const auto dtype : {at::kFloat, at::kBFloat16, at::kDouble})
    for (const int64_t D : {8, 64, 72, 120})
      for (const auto& [N, M] : {std::pair<int64_t, int64_t>{1, 1}, {5, 66}, {97, 97}, {191, 600}})
        for (const bool causal : {false, true})
          for (const auto& row : kAttentionKinds)
            if (cpu::default_isa().kernels(row.kind) != nullptr)
              check(cpu::supported_isas()[GetParam()], row.kind, dtype, /*first=*/N == M ? 70 : 0, N, M, D,
                    causal);
}

INSTANTIATE_TEST_SUITE_P(Isa, Bounds, ::testing::Range(size_t(0), cpu::supported_isas().size()));

}  // namespace
}  // namespace uvic
