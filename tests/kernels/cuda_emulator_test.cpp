// The CUDA kernels themselves, compiled for an emulated machine (cuda_emulator.h), against the fp64
// reference. What only a GPU can show, the emulator cannot: PTX spelling, and time.
#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/cuda/backward.cuh"
#include "kernels/cuda/exact.cuh"
#include "kernels/cuda/forward.cuh"
#include "kernels/cuda/plan.h"
#include "kernels/cuda/statistics.cuh"
#include "kernels/cuda_emulator.h"
#include "kernels/reference.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;
using cuda::Pass;
using testing::EmulatedGpu;
using testing::Emulator;

template <class T>
constexpr at::ScalarType kDtype = std::is_same_v<T, cuda::Float>  ? at::kFloat
                                  : std::is_same_v<T, cuda::Half> ? at::kHalf
                                                                  : at::kBFloat16;

struct Results {
  Tensor out, lse, grad_q, grad_k, grad_v;
  int64_t bank_conflicts = 0;
  std::vector<std::pair<const char*, Tensor>> named() const {
    return {{"out", out}, {"lse", lse}, {"grad_q", grad_q}, {"grad_k", grad_k}, {"grad_v", grad_v}};
  }
};

struct Inputs {
  Tensor q, k, v, grad_out;
  bool causal = false;
  AttentionKind kind = AttentionKind::kCog;
  std::vector<int64_t> documents = {};  // what cu_seqlens holds
};

// All kernels of a kind once, the documents' tiles in their order or from the last to the first; results lie
// in the middle of guard bands that must stay as they were.
template <class T, int D, class Kind = cuda::Cog>
Results run(const Inputs& in, Emulator::Options options = {}, bool last_tile_first = false) {
  constexpr double kGuard = 97;
  std::vector<std::pair<const void*, size_t>> readable;
  const auto view = [](const Tensor& x) {
    return cuda::View{x.data_ptr(), x.stride(0), x.stride(1), x.stride(2)};
  };
  const auto allow = [&](const Tensor& x) {
    readable.emplace_back(x.storage().data(), x.storage().nbytes());
  };
  const auto input = [&](const Tensor& x) {
    allow(x);
    return view(x);
  };
  std::vector<Tensor> guarded;
  const auto output = [&](const Tensor& like) {  // [B, H, N, D] over [B, 1 + N + 1, H, D]
    const Tensor memory = at::full({like.size(0), like.size(2) + 2, like.size(1), D}, kGuard, like.options());
    guarded.push_back(memory);
    return memory.narrow(1, 1, like.size(2)).transpose(1, 2);
  };
  Results r;
  r.out = output(in.q), r.grad_q = output(in.q), r.grad_k = output(in.k), r.grad_v = output(in.v);
  r.lse = at::full({in.q.size(0), in.q.size(1), in.q.size(2)}, kGuard, at::kFloat);
  const Tensor statistics = at::full({r.lse.numel(), 2}, NAN, at::kFloat);
  allow(statistics);
  cuda::Problem p{input(in.q), input(in.k), input(in.v), view(r.out), r.lse.data_ptr<float>()};
  p.batch = int(in.q.size(0)), p.heads = int(in.q.size(1));
  p.queries = int(in.q.size(2)), p.keys = int(in.k.size(2));
  p.scale = float(1 / std::sqrt(double(D))), p.scale_log2e = p.scale * cuda::kLog2e;
  p.causal = in.causal;
  const cuda::Gradients g{input(in.grad_out), view(r.grad_q), view(r.grad_k), view(r.grad_v),
                          statistics.data_ptr<float>()};
  Emulator emulator(options, readable);
  for (const Pass pass : {Pass::kForward, Pass::kStatistics, Pass::kQueryGradient, Pass::kKeyGradients}) {
    const cuda::KernelShape shape = cuda::kernel_shape<T, D>(pass);
    std::vector<cuda::DocumentTile> tiles = cuda::document_tiles(in.documents, p.queries, shape.rows);
    if (last_tile_first) std::reverse(tiles.begin(), tiles.end());
    if (!in.documents.empty()) p.tiles = tiles.data(), p.tile_count = int(tiles.size());
    emulator.run(block_count(pass, shape, p), shape.threads, shape.shared_bytes, [&](unsigned char* shared) {
      if (pass == Pass::kStatistics) {
        cuda::fill_statistics<T, D, EmulatedGpu>(p, g);
      } else if constexpr (std::is_same_v<T, cuda::Float>) {
        float* const floats = reinterpret_cast<float*>(shared);
        if (pass == Pass::kForward) cuda::exact_forward<Kind, D, EmulatedGpu>(p, floats);
        if (pass == Pass::kQueryGradient) cuda::exact_backward<Kind, D, false, EmulatedGpu>(p, g, floats);
        if (pass == Pass::kKeyGradients) cuda::exact_backward<Kind, D, true, EmulatedGpu>(p, g, floats);
      } else {
        if (pass == Pass::kForward) cuda::Forward<Kind, T, D, EmulatedGpu>(p, shared).run();
        if (pass == Pass::kQueryGradient) cuda::Backward<Kind, T, D, false, EmulatedGpu>(p, g, shared).run();
        if (pass == Pass::kKeyGradients) cuda::Backward<Kind, T, D, true, EmulatedGpu>(p, g, shared).run();
      }
    });
  }
  r.bank_conflicts = emulator.bank_conflicts();
  for (const Tensor& memory : guarded) {
    EXPECT_TRUE(memory.select(1, 0).eq(kGuard).all().item<bool>());
    EXPECT_TRUE(memory.select(1, memory.size(1) - 1).eq(kGuard).all().item<bool>());
  }
  return r;
}

Results reference_results(const Inputs& in, at::ScalarType dtype) {
  const Tensor q = in.q.to(dtype), k = in.k.to(dtype), v = in.v.to(dtype), grad = in.grad_out.to(dtype);
  const double scale = 1 / std::sqrt(double(q.size(3)));
  Results r;
  std::tie(r.out, r.lse) = reference::attention(in.kind, q, k, v, scale, in.causal, in.documents);
  std::tie(r.grad_q, r.grad_k, r.grad_v) =
      reference::attention_backward(in.kind, grad, q, k, v, r.out, r.lse, scale, in.causal, in.documents);
  return r;
}

// Views of one packed projection, as in the model: [B, N, 3, H, D].
Inputs packed_inputs(at::ScalarType dtype, int B, int H, int N, int D, uint64_t seed) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const Tensor qkv = at::randn({B, N, 3, H, D}, generator).to(dtype).permute({2, 0, 3, 1, 4});
  return {qkv[0], qkv[1], qkv[2], at::randn({B, N, H, D}, generator).to(dtype).transpose(1, 2)};
}

Inputs inputs(at::ScalarType dtype, int H, int N, int M, int D, bool causal, uint64_t seed) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const auto random = [&](int rows) { return at::randn({1, H, rows, D}, generator).to(dtype); };
  return {random(N), random(M), random(M), random(N), causal};
}

// Relative to the 2-norm, and to a tenth of unit variance where the truth is (nearly) zero, as at N = 1.
double error_of(const Tensor& ours, const Tensor& truth) {
  return (ours.to(at::kDouble) - truth).norm().item<double>() /
         (truth.norm().item<double>() + 0.1 * std::sqrt(double(truth.numel())));
}

void expect_close(const Results& ours, const Inputs& in, const std::string& what) {
  const bool exact = in.q.scalar_type() == at::kFloat;
  const auto expected = reference_results(in, at::kDouble).named();
  // A low-precision result is rounded once by the reference; here the weights are too.
  const auto rounded = reference_results(in, in.q.scalar_type()).named();
  for (size_t i = 0; i < expected.size(); ++i) {
    const auto& [name, tensor] = expected[i];
    const double error = error_of(ours.named()[i].second, tensor);
    const bool statistics = name == std::string("lse");
    const double allowed = exact || statistics ? 1e-5 : 2 * error_of(rounded[i].second, tensor) + 1e-9;
    EXPECT_LE(error, allowed) << what << " " << name;
  }
}

template <class T, int D>
struct Case {
  using Type = T;
  static constexpr int kHeadDim = D;
};
template <class C>
class CudaEmulated : public ::testing::Test {};
using cuda::BFloat16, cuda::Half, cuda::Float;
using Cases = ::testing::Types<Case<BFloat16, 32>, Case<BFloat16, 64>, Case<BFloat16, 72>, Case<BFloat16, 80>,
                               Case<BFloat16, 96>, Case<BFloat16, 128>, Case<Half, 64>, Case<Half, 72>,
                               Case<Float, 32>, Case<Float, 64>, Case<Float, 72>, Case<Float, 128>>;
TYPED_TEST_SUITE(CudaEmulated, Cases);

TYPED_TEST(CudaEmulated, ForwardAndBackward) {
  using T = typename TypeParam::Type;
  constexpr int D = TypeParam::kHeadDim;
  for (const auto& [N, M] : {std::pair{70, 70}, {1, 1}, {1, 130}, {33, 65}, {129, 64}, {65, 200}}) {
    for (const bool causal : {false, true}) {
      if (causal && M < N) continue;
      const Inputs in = inputs(kDtype<T>, 2, N, M, D, causal, 7);
      const Results ours = run<T, D>(in);
      expect_close(ours, in, c10::str("N ", N, " M ", M, " causal ", causal));
      EXPECT_EQ(ours.bank_conflicts, 0);
    }
  }
}

TYPED_TEST(CudaEmulated, PackedStridesOfTheModel) {
  using T = typename TypeParam::Type;
  constexpr int D = TypeParam::kHeadDim;
  const Inputs in = packed_inputs(kDtype<T>, 2, 2, 67, D, 8);
  expect_close(run<T, D>(in), in, "packed");
}

void expect_equal_bits(const Results& a, const Results& b, const std::string& what) {
  for (size_t i = 0; i < a.named().size(); ++i)
    EXPECT_TRUE(at::equal(a.named()[i].second, b.named()[i].second)) << what << " " << a.named()[i].first;
}

// Two rows of 101 tokens.
const std::vector<int64_t> kTwoRows = {0, 1, 34, 36, 101, 166, 200, 202};

// Whichever tile comes first, the bits are the same: none writes another's rows.
TYPED_TEST(CudaEmulated, Documents) {
  using T = typename TypeParam::Type;
  constexpr int D = TypeParam::kHeadDim;
  Inputs in = packed_inputs(kDtype<T>, 2, 1, 101, D, 8);
  in.documents = kTwoRows;
  in.causal = true;
  const Results ours = run<T, D>(in);
  expect_close(ours, in, "documents");
  EXPECT_EQ(ours.bank_conflicts, 0);
  expect_equal_bits(ours, run<T, D>(in, {}, /*last_tile_first=*/true), "last tile first");
}

template <class T, int D>
void expect_each_document_as_alone(bool causal) {
  Inputs in = packed_inputs(kDtype<T>, 2, 1, 101, D, 8);
  in.documents = kTwoRows;
  in.causal = causal;
  const Results all = run<T, D>(in);
  for (size_t i = 1; i < kTwoRows.size(); ++i) {
    const int64_t begin = kTwoRows[i - 1], length = kTwoRows[i] - begin;
    const auto part = [&](const Tensor& x) {
      return x.narrow(0, begin / 101, 1).narrow(2, begin % 101, length);
    };
    const Inputs one{part(in.q), part(in.k), part(in.v), part(in.grad_out), causal};
    expect_equal_bits(run<T, D>(one),
                      {part(all.out), part(all.lse), part(all.grad_q), part(all.grad_k), part(all.grad_v)},
                      c10::str("tokens ", begin, " + ", length));
  }
}

TEST(CudaEmulator, EachDocumentHasTheBitsThatItHasAlone) {
  expect_each_document_as_alone<BFloat16, 64>(false);
  expect_each_document_as_alone<BFloat16, 64>(true);
  expect_each_document_as_alone<Float, 32>(true);
}

TEST(CudaEmulator, DocumentsOfManyTiles) {
  Inputs in = inputs(at::kBFloat16, 1, 322, 322, 64, /*causal=*/false, 14);
  in.documents = {0, 64, 321, 322};
  expect_close(run<BFloat16, 64>(in), in, "Cog");
  in.kind = AttentionKind::kSoftmax;
  in.causal = true;
  expect_close(run<BFloat16, 64, cuda::Softmax>(in), in, "softmax, causal");
}

// Whatever the order of threads and the time of copies, the results are the same to the bit: no wait or sync
// is missing.
TEST(CudaEmulator, ResultsDependOnNoSchedule) {
  const Inputs in = inputs(at::kBFloat16, 1, 150, 170, 64, true, 9);
  const Results first = run<BFloat16, 64>(in);
  for (const bool eager : {false, true}) {
    for (const bool descending : {false, true}) {
      expect_equal_bits(first, run<BFloat16, 64>(in, {eager, descending}), c10::str(eager, descending));
    }
  }
  const Inputs exact = inputs(at::kFloat, 1, 70, 90, 32, true, 9);
  EXPECT_TRUE(at::equal(run<Float, 32>(exact).grad_k, run<Float, 32>(exact, {false, true}).grad_k));
}

TEST(CudaEmulator, SizesThatMatter) {
  for (const int N : {257, 258, 334}) {
    const Inputs in = inputs(at::kBFloat16, 1, N, N, 64, false, 12);
    expect_close(run<BFloat16, 64>(in), in, c10::str("N ", N));
  }
}

// Scores of tens and hundreds: the reference of the exponentials is raised in later steps too, and most
// weights vanish.
TEST(CudaEmulator, LargeScoresRaiseTheReference) {
  for (const double gain : {4., 30.}) {
    Inputs in = inputs(at::kHalf, 1, 40, 190, 64, false, 10);
    in.q = in.q * gain;
    in.k = in.k * at::linspace(0.1, 3, 190).view({1, 1, 190, 1}).to(at::kHalf);  // later keys score higher
    expect_close(run<Half, 64>(in), in, c10::str("gain ", gain));
    const Inputs exact{in.q.to(at::kFloat), in.k.to(at::kFloat), in.v.to(at::kFloat),
                       in.grad_out.to(at::kFloat)};
    expect_close(run<Float, 64>(exact), exact, c10::str("float, gain ", gain));
  }
}

TEST(CudaEmulator, Softmax) {
  for (const auto& [N, M] : {std::pair{1, 1}, {33, 65}, {129, 64}, {65, 200}}) {
    for (const bool causal : {false, true}) {
      if (causal && M < N) continue;
      for (const bool negative : {false, true}) {  // all scores far below 0
        const std::string what = c10::str("N ", N, " M ", M, " causal ", causal, " negative ", negative);
        Inputs in = inputs(at::kFloat, 1, N, M, 64, causal, 13);
        in.kind = AttentionKind::kSoftmax;
        if (negative) in.q = in.q.abs() * 20, in.k = -in.k.abs();
        if (!negative) expect_close(run<Float, 64, cuda::Softmax>(in), in, "float " + what);
        const auto low = [](const Tensor& x) { return x.to(at::kBFloat16); };
        const Inputs rounded{low(in.q), low(in.k), low(in.v), low(in.grad_out), causal, in.kind};
        expect_close(run<BFloat16, 64, cuda::Softmax>(rounded), rounded, "bfloat16 " + what);
      }
    }
  }
}

// Another kind of attention is one struct a side (the CPU's is in another_kind_test.cpp): W = softmax(-P),
// which is softmax attention of -q.
struct Repelled {
  static constexpr float kStart = -1e30F, kHidden = 1e30F;
  static constexpr bool kZeroIsRare = false;
  static float bound(float s) { return -s; }
  template <bool kMayBeZero = true>
  static float weight(float, float e) {
    return e;
  }
  static float gradient(float w, float dw, float row_dot) { return w * (row_dot - dw); }
};

TEST(CudaEmulator, AnotherKind) {
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    const Inputs in = inputs(dtype, 1, 65, 100, 64, /*causal=*/true, 13);
    Results ours = dtype == at::kFloat ? run<Float, 64, Repelled>(in) : run<BFloat16, 64, Repelled>(in);
    ours.grad_q = -ours.grad_q;
    expect_close(ours, {-in.q, in.k, in.v, in.grad_out, in.causal, AttentionKind::kSoftmax}, c10::str(dtype));
  }
}

// Multiples of 1/4 and a scale of 1/8: every implementation has the same scores, true zeros included. The lse
// shows that a zero's exp(0) counts, the outputs that it weighs nothing.
TEST(CudaEmulator, ExactScoresAndTrueZeros) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(11);
  const auto quarters = [&](int rows) { return at::randint(-2, 3, {1, 2, rows, 64}, generator) / 4; };
  for (const bool causal : {false, true}) {
    Inputs in{quarters(70), quarters(100), quarters(100), quarters(70), causal};
    in.q.select(2, 5).zero_();
    const Tensor zeros = at::matmul(in.q, in.k.transpose(2, 3)).eq(0);
    EXPECT_GT(zeros.sum().item<int64_t>(), 200);
    const Results expected = reference_results(in, at::kDouble), exact = run<Float, 64>(in);
    EXPECT_LT(testing::max_abs_error(exact.out, expected.out), 1e-6);
    EXPECT_LT(testing::max_abs_error(exact.lse, expected.lse), 2e-6);
    EXPECT_EQ(exact.out.select(2, 5).abs().max().item<float>(), 0);
    EXPECT_LT(testing::max_abs_error(exact.grad_q, expected.grad_q), 1e-6);
    EXPECT_LT(testing::max_abs_error(exact.grad_k, expected.grad_k), 1e-6);
    EXPECT_LT(testing::max_abs_error(exact.grad_v, expected.grad_v), 1e-6);
    const auto as = [&](const Tensor& x) { return x.to(at::kBFloat16); };
    const Results low = run<BFloat16, 64>({as(in.q), as(in.k), as(in.v), as(in.grad_out), causal});
    EXPECT_LT(testing::max_abs_error(low.lse, expected.lse), 2e-6);
    EXPECT_EQ(low.out.select(2, 5).abs().max().item<float>(), 0);
    EXPECT_EQ(low.grad_q.select(2, 5).abs().max().item<float>(), 0);
  }
}

// The emulator itself must notice what it is there to notice.
TEST(CudaEmulator, FailsOnKernelsThatBreakTheRules) {
  const Tensor memory = at::ones({64}, at::kFloat);
  const auto one_warp = [&](const std::function<void(unsigned char*)>& kernel) {
    Emulator({}, {{memory.data_ptr(), memory.nbytes()}}).run(1, 32, 1024, kernel);
  };
  const auto source = [&](int i) { return memory.data_ptr<float>() + i; };
  EXPECT_THROW_WITH(one_warp([](unsigned char*) {
                      if (EmulatedGpu::thread() < 31) EmulatedGpu::sync_warp();
                    }),
                    std::runtime_error, "never come");
  EXPECT_THROW_WITH(one_warp([](unsigned char*) {
                      if (EmulatedGpu::thread() < 16)
                        EmulatedGpu::sync_warp();
                      else
                        EmulatedGpu::any(true);
                    }),
                    std::runtime_error, "lanes of a warp meet");
  EXPECT_THROW_WITH(one_warp([&](unsigned char* s) { EmulatedGpu::copy16(s, source(1), true); }),
                    std::runtime_error, "misaligned");
  EXPECT_THROW_WITH(one_warp([&](unsigned char* s) { EmulatedGpu::copy16(s, source(64), true); }),
                    std::runtime_error, "outside the tensors");
  EXPECT_THROW_WITH(one_warp([&](unsigned char* s) { EmulatedGpu::copy16(s + 1024, source(0), true); }),
                    std::runtime_error, "outside shared memory");
  EXPECT_THROW_WITH(one_warp([&](unsigned char* s) { EmulatedGpu::copy16(s, source(0), true); }),
                    std::runtime_error, "never waited for");
  EXPECT_THROW_WITH(one_warp([](unsigned char* s) { s[1024] = 0; }), std::runtime_error, "past its end");
  one_warp([&](unsigned char* s) {  // copied but not waited for: still NaN
    const float& seen = *reinterpret_cast<const float*>(s + 16 * EmulatedGpu::thread());
    EmulatedGpu::copy16(s + 16 * EmulatedGpu::thread(), source(0), true);
    EmulatedGpu::commit();
    EXPECT_TRUE(std::isnan(seen));
    EmulatedGpu::wait();
    EXPECT_EQ(seen, 1);
  });
}

}  // namespace
}  // namespace uvic
