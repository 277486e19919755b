// The fused CUDA kernels on a GPU, in the four rungs of a kernel whose weights jump where a score changes its
// sign. Every test skips itself where there is no GPU; what needs none is in cuda_emulator_test.cpp,
// cuda_tile_test.cpp and cuda_plan_test.cpp.
#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "io/safetensors.h"
#include "kernels/choose.h"
#include "kernels/cog_attention.h"
#include "kernels/cuda/dispatch.h"
#include "kernels/cuda/plan.h"
#include "kernels/reference.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;

class CudaAttention : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!at::hasCUDA()) GTEST_SKIP() << "no GPU, or LibTorch without CUDA";
    if (!cuda::built()) GTEST_SKIP() << "this build has no CUDA kernels";
  }
};

struct Case {
  Tensor q, k, v, grad_out;  // on the CPU
  bool causal = false;
  AttentionKind kind = AttentionKind::kCog;
  std::vector<int64_t> documents = {};  // what cu_seqlens holds
};
struct Results {
  Tensor out, lse, grad_q, grad_k, grad_v;
  std::vector<std::pair<const char*, Tensor>> named() const {
    return {{"out", out}, {"lse", lse}, {"grad_q", grad_q}, {"grad_k", grad_k}, {"grad_v", grad_v}};
  }
};

Case random_case(at::ScalarType dtype, int B, int H, int N, int M, int D, bool causal = false) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(uint64_t(N * 1000 + D));
  const auto random = [&](int rows) { return at::randn({B, H, rows, D}, generator).to(dtype); };
  return {random(N), random(M), random(M), random(N), causal};
}

Results fused(const Case& c) {
  const auto on_gpu = [](const Tensor& x) { return x.to(at::kCUDA); };  // keeps the strides of a dense tensor
  const Tensor q = on_gpu(c.q), k = on_gpu(c.k), v = on_gpu(c.v);
  Results r;
  const Tensor bounds = c.documents.empty() ? Tensor() : at::tensor(c.documents, at::kLong);
  std::tie(r.out, r.lse) = attention(c.kind, q, k, v, std::nullopt, c.causal, true, bounds);
  std::tie(r.grad_q, r.grad_k, r.grad_v) =
      attention_backward(c.kind, on_gpu(c.grad_out), q, k, v, r.out, r.lse, 1 / std::sqrt(double(q.size(3))),
                         c.causal, true, bounds);
  for (Tensor* x : {&r.out, &r.lse, &r.grad_q, &r.grad_k, &r.grad_v}) *x = x->cpu();
  return r;
}

// Plain ATen on the CPU: with kDouble the oracle, with the case's dtype the unfused path.
Results unfused(const Case& c, at::ScalarType dtype) {
  const Tensor q = c.q.to(dtype), k = c.k.to(dtype), v = c.v.to(dtype);
  const double scale = 1 / std::sqrt(double(q.size(3)));
  Results r;
  std::tie(r.out, r.lse) = reference::attention(c.kind, q, k, v, scale, c.causal, c.documents);
  std::tie(r.grad_q, r.grad_k, r.grad_v) = reference::attention_backward(
      c.kind, c.grad_out.to(dtype), q, k, v, r.out, r.lse, scale, c.causal, c.documents);
  return r;
}

double norm_error(const Tensor& ours, const Tensor& truth) {
  return (ours.to(at::kDouble) - truth).norm().item<double>() /
         (truth.norm().item<double>() + 0.01 * std::sqrt(double(truth.numel())));
}

// Rung 4 for one case: NMSE, and the 99.9th percentile, which a few flipped signs do not reach.
void expect_close(const Case& c, const std::string& what) {
  const Results ours = fused(c), truth = unfused(c, at::kDouble), low = unfused(c, c.q.scalar_type());
  for (size_t i = 0; i < truth.named().size(); ++i) {
    const auto [name, expected] = truth.named()[i];
    const Tensor found = ours.named()[i].second;
    const bool exact = c.q.scalar_type() == at::kFloat || name == std::string("lse");
    // 5e-5: where the truth is 0, as the gradients of a single key are, what is left is rounding.
    const double allowed = exact ? 1e-3 : 2 * norm_error(low.named()[i].second, expected) + 5e-5;
    EXPECT_LE(norm_error(found, expected), allowed) << what << " " << name;  // 1e-3 squared: NMSE 1e-6
    if (!exact) continue;
    const Tensor errors = (found.to(at::kDouble) - expected).abs().flatten();
    const int64_t rank = std::max<int64_t>(1, int64_t(0.999 * double(errors.numel())));
    EXPECT_LE(std::get<0>(errors.kthvalue(rank)).item<double>(),
              1e-5 * std::max(1.0, expected.abs().max().item<double>()))
        << what << " " << name;
  }
}

// Rung 1: q k^T = [1, -1] and [0, 2] at scale 1, in the first two of 32 dimensions.
TEST_F(CudaAttention, HandWorkedCaseWithAZeroScore) {
  const auto padded = [](std::vector<float> x) {
    return at::constant_pad_nd(at::tensor(x).view({1, 1, 2, 2}), {0, 30}).to(at::kCUDA);
  };
  const Tensor q = padded({1, 0, 0, 2}), k = padded({1, 0, -1, 1}), v = padded({3, 5, 7, 11});
  const auto [out, lse] = cog_attention(q, k, v, 1.0, false, true);
  const double w = std::exp(2.0) / (std::exp(2.0) + 1.0);
  const Tensor expected = at::tensor({0.5 * 3 - 0.5 * 7, 0.5 * 5 - 0.5 * 11, w * 7, w * 11}, at::kDouble);
  EXPECT_LT(testing::max_abs_error(out.narrow(3, 0, 2).cpu().flatten(), expected), 1e-5);
  EXPECT_NEAR(lse.cpu().flatten()[1].item<double>(), std::log(std::exp(2.0) + 1), 1e-6);
}

// Rung 2: multiples of 1/4 and a scale of 1/8: scores are the same bits everywhere, zeros included.
TEST_F(CudaAttention, ExactScoresAndTrueZeros) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(11);
  const auto quarters = [&](int rows) { return at::randint(-2, 3, {2, 2, rows, 64}, generator) / 4; };
  for (const int N : {1, 2, 63, 64, 65, 257, 334}) {
    for (const bool causal : {false, true}) {
      Case c{quarters(N), quarters(N + 7), quarters(N + 7), quarters(N), causal};
      c.q.select(2, N / 2).zero_();
      const Results ours = fused(c), truth = unfused(c, at::kDouble);
      for (size_t i = 0; i < truth.named().size(); ++i)
        EXPECT_LT(testing::max_abs_error(ours.named()[i].second, truth.named()[i].second), 2e-6)
            << N << " " << truth.named()[i].first;
      for (const auto dtype : {at::kHalf, at::kBFloat16}) {
        const Results low =
            fused({c.q.to(dtype), c.k.to(dtype), c.v.to(dtype), c.grad_out.to(dtype), causal});
        EXPECT_LT(testing::max_abs_error(low.lse, truth.lse), 2e-6) << N;
        EXPECT_EQ(low.out.select(2, N / 2).abs().max().item<double>(), 0) << N;
        EXPECT_EQ(low.grad_q.select(2, N / 2).abs().max().item<double>(), 0) << N;
      }
    }
  }
}

// Rung 3: float gradients against fp64 autograd of the published form, where no score is near 0.
TEST_F(CudaAttention, GradientsEqualAutogradsOfThePublishedForm) {
  Case c;
  Tensor p;
  for (int seed = 0; !p.defined() || p.abs().min().item<double>() < 1e-3; ++seed) {
    c = random_case(at::kDouble, 1, 1, 5 + seed % 3, 7, 32);
    p = at::matmul(c.q, c.k.transpose(2, 3)) / std::sqrt(32.0);
    ASSERT_LT(seed, 3) << "choose other sizes";
  }
  const std::vector<Tensor> inputs = {c.q.requires_grad_(), c.k.requires_grad_(), c.v.requires_grad_()};
  const Tensor scores = at::matmul(c.q, c.k.transpose(2, 3)) / std::sqrt(32.0);
  const Tensor out = at::matmul(scores.sign() * at::softmax(scores.abs(), -1), c.v);
  const auto truth = torch::autograd::grad({out}, inputs, {c.grad_out});
  const auto as = [](const Tensor& x) { return x.detach().to(at::kFloat); };
  const Results ours = fused({as(c.q), as(c.k), as(c.v), as(c.grad_out)});
  EXPECT_LT(testing::relative_error(ours.grad_q, truth[0]), 1e-5);
  EXPECT_LT(testing::relative_error(ours.grad_k, truth[1]), 1e-5);
  EXPECT_LT(testing::relative_error(ours.grad_v, truth[2]), 1e-5);
}

// Rung 4: random normals, every head size, dtype and awkward length.
class CudaAttentionIn : public CudaAttention, public ::testing::WithParamInterface<at::ScalarType> {};

TEST_P(CudaAttentionIn, RandomNormals) {
  for (const int D : cuda::kHeadDims) {
    for (const int N : {1, 2, 63, 64, 65, 257, 258, 334, 513, 1025})
      expect_close(random_case(GetParam(), 1, 2, N, N, D), c10::str("D ", D, " N ", N));
  }
}

TEST_P(CudaAttentionIn, CausalAndLengthsThatDiffer) {
  for (const int D : cuda::kHeadDims) {
    for (const auto& [N, M] : {std::pair{1, 130}, {65, 65}, {65, 200}, {257, 334}, {334, 257}, {513, 513}}) {
      for (const bool causal : {false, true}) {
        if (causal && M < N) continue;
        expect_close(random_case(GetParam(), 1, 2, N, M, D, causal),
                     c10::str("D ", D, " N ", N, " M ", M, " causal ", causal));
      }
    }
  }
}

TEST_P(CudaAttentionIn, SoftmaxAndDocuments) {
  for (const int D : cuda::kHeadDims) {
    for (const AttentionKind kind : {AttentionKind::kCog, AttentionKind::kSoftmax}) {
      for (const bool causal : {false, true}) {
        Case c = random_case(GetParam(), 2, 2, 452, 452, D, causal);
        c.kind = kind;
        const std::string what = c10::str("D ", D, " ", name_of(kind), " causal ", causal);
        expect_close(c, what);
        c.documents = {0, 1, 64, 321, 323, 388, 452, 517, 519, 583, 840, 841, 904};
        expect_close(c, what + ", documents");
      }
    }
  }
}

TEST_P(CudaAttentionIn, PackedStridesOfTheModel) {
  for (const int D : cuda::kHeadDims) {
    auto generator = at::make_generator<at::CPUGeneratorImpl>(12);
    const Tensor qkv =
        at::randn({2, 67, 3, 4, D}, generator).to(GetParam()).to(at::kCUDA).permute({2, 0, 3, 1, 4});
    const auto attend = [](const Tensor& q, const Tensor& k, const Tensor& v) {
      return cog_attention(q, k, v, std::nullopt, false, true);
    };
    const auto [out, lse] = attend(qkv[0], qkv[1], qkv[2]);
    const auto [out2, lse2] = attend(qkv[0].contiguous(), qkv[1].contiguous(), qkv[2].contiguous());
    EXPECT_TRUE(at::equal(out, out2)) << D;
    EXPECT_TRUE(at::equal(lse, lse2)) << D;
    EXPECT_TRUE(out.transpose(1, 2).is_contiguous()) << D;
  }
}

TEST_P(CudaAttentionIn, TwoBackwardsAreEqualToTheBit) {
  for (const int D : cuda::kHeadDims) {
    const Case c = random_case(GetParam(), 2, 4, 257, 334, D, true);
    const Results first = fused(c), second = fused(c);
    for (size_t i = 0; i < first.named().size(); ++i)
      EXPECT_TRUE(at::equal(first.named()[i].second, second.named()[i].second))
          << D << first.named()[i].first;
  }
}

// The allocator gives the outputs holes between other tensors, which must stay as they are.
TEST_P(CudaAttentionIn, NothingIsWrittenBesideTheOutputs) {
  for (const int D : cuda::kHeadDims) {
    const Case c = random_case(GetParam(), 1, 2, 65, 65, D);
    const Tensor q = c.q.to(at::kCUDA), k = c.k.to(at::kCUDA), v = c.v.to(at::kCUDA);
    const Tensor grad = c.grad_out.to(at::kCUDA);
    std::vector<Tensor> guards(64), outputs;
    for (Tensor& guard : guards) guard = at::full_like(q, 97);
    for (size_t i = 1; i < guards.size(); i += 2) guards[i].reset();
    for (int i = 0; i < 8; ++i) {
      const auto [out, lse] = cog_attention(q, k, v, std::nullopt, false, true);
      const auto [grad_q, grad_k, grad_v] =
          cog_attention_backward(grad, q, k, v, out, lse, 0.125, false, true);
      outputs.insert(outputs.end(), {out, grad_q, grad_k, grad_v});
    }
    for (size_t i = 0; i < guards.size(); i += 2) EXPECT_TRUE(guards[i].eq(97).all().item<bool>()) << D;
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, CudaAttentionIn, ::testing::Values(at::kHalf, at::kBFloat16, at::kFloat),
                         [](const auto& info) { return std::string(c10::toString(info.param)); });

TEST_F(CudaAttention, GoldenCasesInFloat) {
  const auto golden = load_safetensors(testing::fixture("attention_cog.safetensors")).tensors;
  for (const std::string name : {"L1_D64", "L257_D64", "L61_D72"}) {
    const auto get = [&](const char* part) { return golden.at(name + "." + part).to(at::kFloat); };
    const Results ours = fused({get("q"), get("k"), get("v"), get("grad_out")});
    EXPECT_LT(norm_error(ours.out, get("out").to(at::kDouble)), 1e-3) << name;
    EXPECT_LT(norm_error(ours.lse, get("lse_abs").to(at::kDouble)), 1e-6) << name;
    EXPECT_LT(norm_error(ours.grad_q, get("grad_q").to(at::kDouble)), 1e-3) << name;
    EXPECT_LT(norm_error(ours.grad_k, get("grad_k").to(at::kDouble)), 1e-3) << name;
    EXPECT_LT(norm_error(ours.grad_v, get("grad_v").to(at::kDouble)), 1e-3) << name;
  }
}

TEST_F(CudaAttention, StridesThatAreNotMultiplesOf16BytesAreCopied) {
  const Tensor memory = at::randn({2 * 2 * 9 * 33 + 1}).to(at::kHalf).to(at::kCUDA);
  const Tensor q = memory.as_strided({2, 2, 9, 32}, {2 * 9 * 33, 9 * 33, 33, 1}, 1);
  EXPECT_TRUE(at::equal(
      std::get<0>(cog_attention(q, q, q, std::nullopt, false, true)),
      std::get<0>(cog_attention(q.contiguous(), q.contiguous(), q.contiguous(), std::nullopt, false, true))));
}

TEST_F(CudaAttention, MoreHeadsThanAGridsYAndZ) {
  const Tensor q = at::randn({70000, 1, 3, 32}).to(at::kHalf).to(at::kCUDA);
  const Tensor out = std::get<0>(cog_attention(q, q, q, std::nullopt, false, true)).narrow(0, 69990, 10);
  const Tensor last = q.narrow(0, 69990, 10);
  EXPECT_TRUE(at::equal(out, std::get<0>(cog_attention(last, last, last, std::nullopt, false, true))));
}

TEST_F(CudaAttention, ScalesThatAreNotPositiveAndEmptyBatchesTakePlainAten) {
  const Tensor q = at::randn({1, 2, 9, 64}).to(at::kCUDA), k = at::randn_like(q), v = at::randn_like(q);
  for (const double scale : {0.0, -0.5}) {
    const auto [out, lse] = cog_attention(q, k, v, scale, false, true);
    const auto [expected, lse2] = reference::attention(AttentionKind::kCog, q, k, v, scale, false);
    EXPECT_TRUE(at::equal(out, expected)) << scale;
  }
  const Tensor none = q.narrow(0, 0, 0);
  EXPECT_EQ(std::get<0>(cog_attention(none, none, none, std::nullopt, false, true)).sizes(), none.sizes());
}

TEST_F(CudaAttention, AutomaticMeansFusedWhereThereIsAKernel) {
  EXPECT_TRUE(choose_kernel({at::kCUDA, at::kBFloat16, 64}).fused);
  EXPECT_FALSE(choose_kernel({at::kCUDA, at::kBFloat16, 48}).fused);
  EXPECT_TRUE(choose_kernel({at::kCUDA, at::kBFloat16, 64, true}).fused);
  EXPECT_THROW_WITH(choose_kernel({at::kCUDA, at::kBFloat16, 48, true}), c10::Error, "head sizes");
}

// The inputs come from slow work queued on the same side stream: a kernel on another stream would not wait
// for them.
TEST_F(CudaAttention, RunsOnTheCurrentStream) {
  const Case c = random_case(at::kHalf, 4, 8, 257, 257, 64);
  const Results expected = fused(c);
  const Tensor q = c.q.to(at::kCUDA), k = c.k.to(at::kCUDA), v = c.v.to(at::kCUDA);
  const Tensor slow = at::randn({4096, 4096}).to(at::kCUDA);
  const c10::impl::VirtualGuardImpl device(at::kCUDA);
  device.synchronizeDevice(q.device().index());
  const c10::Stream stream = device.getStreamFromGlobalPool(q.device());
  Tensor out;
  {
    const c10::StreamGuard guard(stream);
    Tensor x = slow;
    for (int i = 0; i < 50; ++i) x = at::matmul(x, slow) * 1e-2;
    const Tensor late = q + (x.sum() * 0).nan_to_num().to(at::kHalf);
    out = std::get<0>(cog_attention(late, k, v, std::nullopt, false, true));
  }
  stream.synchronize();
  EXPECT_TRUE(at::equal(out.cpu(), expected.out));
}

TEST_F(CudaAttention, RunsOnTheTensorsDevice) {
  const c10::impl::VirtualGuardImpl device(at::kCUDA);
  if (device.deviceCount() < 2) GTEST_SKIP() << "one GPU";
  const Case c = random_case(at::kHalf, 1, 2, 65, 65, 64);
  const auto on_second = [](const Tensor& x) { return x.to(at::Device(at::kCUDA, 1)); };
  const Tensor out =
      std::get<0>(cog_attention(on_second(c.q), on_second(c.k), on_second(c.v), std::nullopt, false, true));
  EXPECT_EQ(device.getDevice().index(), 0);
  EXPECT_TRUE(at::equal(out.cpu(), fused(c).out));
}

}  // namespace
}  // namespace uvic
