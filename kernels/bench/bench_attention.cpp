// Attention, fused and unfused, against softmax's scaled_dot_product_attention, in one interleaved run:
//   bench_attention [--benchmark_filter=REGEX] [google-benchmark's other options]
// Names are {cog_fused,cog_unfused,softmax_fused,sdpa}/{fwd,fwd_bwd}/{f32,bf16}/B8_H8_N257_D64, then nothing,
// _causal, or _causal_documents where a row holds eight documents of unequal lengths, which SDPA can take
// only as a mask. Ours read views of a packed projection, as in the model; SDPA gets contiguous inputs, its
// best case. Only ratios of one run mean anything.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/native/transformers/sdp_utils_cpp.h>
#include <benchmark/benchmark.h>
#include <torch/csrc/autograd/autograd.h>

#include <chrono>

#include "kernels/bench/ratios.h"
#include "kernels/choose.h"
#include "kernels/cog_attention.h"
#include "kernels/cpu/cog_attention_cpu.h"

namespace {

using at::Tensor;

// Lengths of the documents of a row of 1024.
constexpr int64_t kLengthsOfDocuments[] = {30, 300, 64, 128, 90, 210, 17, 185};
enum class Mask { kNone, kCausal, kDocuments };  // kDocuments is causal inside each

struct Shape {
  int64_t B, H, N, D;
  Mask mask = Mask::kNone;

  std::string name() const {
    const char* const ends[] = {"", "_causal", "_causal_documents"};
    return c10::str("B", B, "_H", H, "_N", N, "_D", D, ends[int(mask)]);
  }
  /// Pairs of a query and a key that see each other, a head of a row.
  double scores() const {
    if (mask != Mask::kDocuments) return double(N * N) / (mask == Mask::kCausal ? 2 : 1);
    double sum = 0;
    for (const int64_t n : kLengthsOfDocuments) sum += double(n * n) / 2;
    return sum;
  }
  /// What cu_seqlens is; undefined without documents.
  Tensor bounds() const {
    if (mask != Mask::kDocuments) return {};
    std::vector<int64_t> bounds = {0};
    for (int64_t b = 0; b < B; ++b)
      for (const int64_t n : kLengthsOfDocuments) bounds.push_back(bounds.back() + n);
    TORCH_CHECK(bounds.back() == B * N);
    return at::tensor(bounds, at::kLong);
  }
};

const char* name_of(at::ScalarType dtype) {
  return dtype == at::kFloat ? "f32" : "bf16";
}

// Products of a pass: Q K^T and W V forward; Q K^T, dO V^T, dP K, dP^T Q and W^T dO backward.
double flops(const Shape& s, bool backward) {
  return 2.0 * double(s.B * s.H * s.D) * s.scores() * (backward ? 7 : 2);
}

// FLOP/s of ATen's best square product in this process, now.
double gemm_rate(at::ScalarType dtype) {
  constexpr int64_t n = 1536;
  const Tensor a = at::randn({n, n}).to(dtype), b = at::randn({n, n}).to(dtype);
  double best = 0;
  for (int i = 0; i < 8; ++i) {
    const auto began = std::chrono::steady_clock::now();
    at::mm(a, b);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    best = std::max(best, 2.0 * n * n * n / took.count());
  }
  return best;
}

using Operator = std::function<Tensor(const Tensor&, const Tensor&, const Tensor&)>;

// Whether each query sees each key, [B, 1, N, N], where there are documents.
std::optional<Tensor> visible(const Shape& s) {
  if (s.mask != Mask::kDocuments) return {};
  const Tensor document =
      at::bucketize(at::arange(s.B * s.N), s.bounds(), false, /*right=*/true).view({s.B, 1, s.N});
  return document.unsqueeze(-1).eq(document.unsqueeze(-2)).tril();
}

Operator sdpa(const Shape& s) {
  return [mask = visible(s), causal = s.mask == Mask::kCausal](const Tensor& q, const Tensor& k,
                                                               const Tensor& v) {
    return at::scaled_dot_product_attention(q, k, v, mask, 0, causal);
  };
}
Operator ours(uvic::AttentionKind kind, const Shape& s, bool fused) {
  return [=, bounds = s.bounds(), causal = s.mask != Mask::kNone](const Tensor& q, const Tensor& k,
                                                                  const Tensor& v) {
    return std::get<0>(uvic::attention(kind, q, k, v, std::nullopt, causal, fused, bounds));
  };
}

void run(benchmark::State& state, const Operator& op, bool packed, Shape s, at::ScalarType dtype,
         bool backward, double gemm) {
  const c10::AutoGradMode grad_mode(backward);
  at::manual_seed(0);
  const Tensor qkv = at::randn({s.B, s.N, 3, s.H, s.D}).to(dtype).permute({2, 0, 3, 1, 4});
  std::vector<Tensor> inputs;
  for (int i = 0; i < 3; ++i)
    inputs.push_back((packed ? qkv[i] : qkv[i].contiguous()).detach().requires_grad_(backward));
  if (!packed &&
      at::_fused_sdp_choice(inputs[0], inputs[1], inputs[2], visible(s), 0, s.mask == Mask::kCausal) !=
          int64_t(sdp::SDPBackend::flash_attention)) {
    state.SkipWithError("SDPA would not run its flash_attention backend");
    return;
  }
  const Tensor grad = at::randn({s.B, s.N, s.H, s.D}).to(dtype).transpose(1, 2);
  for (auto _ : state) {
    const Tensor out = op(inputs[0], inputs[1], inputs[2]);
    if (backward) benchmark::DoNotOptimize(torch::autograd::grad({out}, inputs, {grad}));
  }
  const auto rate = [&](double x) {
    return benchmark::Counter(x, benchmark::Counter::kIsIterationInvariantRate);
  };
  state.counters["GFLOP/s"] = rate(flops(s, backward) * 1e-9);
  state.counters["of_gemm"] = rate(flops(s, backward) / gemm);
}

// Shapes of the table, and one batch over N for the curve.
const Shape kShapes[] = {{8, 8, 257, 64},
                         {4, 8, 1025, 64},
                         {1, 8, 4097, 64},
                         {4, 12, 1024, 64, Mask::kCausal},
                         {4, 12, 1024, 64, Mask::kDocuments}};
const int64_t kLengths[] = {65, 129, 257, 513, 1025, 2049, 4097};

void add(at::ScalarType dtype, const Shape& shape, bool backward, double gemm) {
  const auto add_row = [&](const char* kernel, const Operator& op, bool packed) {
    const std::string name =
        c10::str(kernel, backward ? "/fwd_bwd/" : "/fwd/", name_of(dtype), "/", shape.name());
    benchmark::RegisterBenchmark(
        name.c_str(), [=](benchmark::State& state) { run(state, op, packed, shape, dtype, backward, gemm); })
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  };
  add_row("cog_fused", ours(uvic::AttentionKind::kCog, shape, true), true);
  add_row("cog_unfused", ours(uvic::AttentionKind::kCog, shape, false), true);
  add_row("softmax_fused", ours(uvic::AttentionKind::kSoftmax, shape, true), true);
  add_row("sdpa", sdpa(shape), false);
}

void register_all() {
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    const double gemm = gemm_rate(dtype);
    std::fprintf(stderr, "GEMM rate, %s: %.0f GFLOP/s\n", name_of(dtype), gemm * 1e-9);
    for (const Shape& shape : kShapes)
      for (const bool backward : {false, true}) add(dtype, shape, backward, gemm);
    for (const int64_t N : kLengths)
      if (dtype == at::kFloat) add(dtype, {2, 4, N, 64}, false, gemm);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::fprintf(stderr, "kernel: %s; %d threads\n",
               uvic::choose_kernel({c10::kCPU, at::kFloat, 64}).description().c_str(), at::get_num_threads());
  return uvic::bench::run_interleaved(argc, argv, register_all);
}
