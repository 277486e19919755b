// Cog Attention on a GPU, fused and in plain ATen, beside scaled_dot_product_attention by FlashAttention-2
// and by cuDNN: B = 64, H = 8, D = 64, bfloat16, times by CUDA events. Rows are named as in
// bench_attention.cpp; without a GPU each says why it was skipped.
#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/SDPBackend.h>
#include <ATen/ops/_fused_sdp_choice.h>
#include <benchmark/benchmark.h>
#include <c10/core/Event.h>
#include <c10/core/GradMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/csrc/autograd/autograd.h>

#include "kernels/cog_attention.h"
#include "kernels/cuda/plan.h"

namespace {

using at::Tensor;

constexpr int kB = 64, kH = 8, kD = 64;

enum class Kind { kCogFused, kCogUnfused, kFlash, kCudnn };

bool is_sdpa(Kind kind) {
  return kind == Kind::kFlash || kind == Kind::kCudnn;
}

Tensor attention(Kind kind, const Tensor& q, const Tensor& k, const Tensor& v) {
  if (is_sdpa(kind)) return at::scaled_dot_product_attention(q, k, v);
  return std::get<0>(uvic::cog_attention(q, k, v, std::nullopt, false, kind == Kind::kCogFused));
}

std::string reason_to_skip(Kind kind, int64_t N) {
  if (!at::hasCUDA()) return "no GPU, or LibTorch without CUDA";
  if (kind == Kind::kCogFused && !uvic::cuda::built()) return "this build has no CUDA kernels";
  // Four float matrices and autograd's copies: 4096 x 4096 x 512 heads x 4 bytes x about 6 pass any GPU's
  // memory.
  if (kind == Kind::kCogUnfused && N > 1024) return "the unfused matrices would take 200 GB";
  return "";
}

void run(benchmark::State& state, Kind kind, int64_t N, bool backward) {
  if (const std::string reason = reason_to_skip(kind, N); !reason.empty())
    return state.SkipWithError(reason.c_str());
  const auto options = at::TensorOptions().device(at::kCUDA).dtype(at::kBFloat16);
  // Views of one packed projection for ours, as in the model; contiguous for SDPA, which is its best.
  const Tensor qkv = at::randn({kB, N, 3, kH, kD}, options).permute({2, 0, 3, 1, 4});
  std::vector<Tensor> inputs;
  for (int i = 0; i < 3; ++i) {
    const Tensor x = is_sdpa(kind) ? qkv[i].contiguous() : qkv[i];
    inputs.push_back(backward ? x.detach().requires_grad_() : x);
  }
  if (is_sdpa(kind)) {
    const bool flash = kind == Kind::kFlash;
    at::globalContext().setSDPUseFlash(flash);
    at::globalContext().setSDPUseCuDNN(!flash);
    const auto wanted = flash ? at::SDPBackend::flash_attention : at::SDPBackend::cudnn_attention;
    if (at::SDPBackend(at::_fused_sdp_choice(inputs[0], inputs[1], inputs[2])) != wanted)
      return state.SkipWithError("SDPA chose another backend");
  }
  const Tensor grad = at::randn({kB, N, kH, kD}, options).transpose(1, 2);
  const c10::AutoGradMode recording(backward);
  const auto once = [&] {
    const Tensor out = attention(kind, inputs[0], inputs[1], inputs[2]);
    if (backward) torch::autograd::grad({out}, inputs, {grad});
  };
  const c10::impl::VirtualGuardImpl device(at::kCUDA);
  const c10::Stream stream = device.getStream(inputs[0].device());
  for (int i = 0; i < 3; ++i) once();
  c10::Event begin(at::kCUDA, c10::EventFlag::BACKEND_DEFAULT),
      end(at::kCUDA, c10::EventFlag::BACKEND_DEFAULT);
  for ([[maybe_unused]] auto _ : state) {
    begin.record(stream);
    once();
    end.record(stream);
    end.synchronize();
    state.SetIterationTime(begin.elapsedTime(end) * 1e-3);
  }
  // As for FlashAttention: two products forward, five backward, whatever a kernel recomputes.
  const double flops = 4.0 * kB * kH * double(N) * double(N) * kD * (backward ? 3.5 : 1);
  state.counters["TFLOP/s"] = benchmark::Counter(flops * 1e-12, benchmark::Counter::kIsIterationInvariantRate,
                                                 benchmark::Counter::kIs1000);
}

void register_rows() {
  for (const int64_t N : {257, 334, 1024, 4096}) {
    for (const bool backward : {false, true}) {
      for (const auto& [name, kind] : {std::pair{"cog_fused", Kind::kCogFused},
                                       {"cog_unfused", Kind::kCogUnfused},
                                       {"sdpa_flash", Kind::kFlash},
                                       {"sdpa_cudnn", Kind::kCudnn}}) {
        const std::string row =
            c10::str(name, backward ? "/fwd_bwd" : "/fwd", "/bf16/B", kB, "_H", kH, "_N", N, "_D", kD);
        benchmark::RegisterBenchmark(
            row.c_str(),
            [kind = kind, N, backward](benchmark::State& state) { run(state, kind, N, backward); })
            ->UseManualTime()
            ->Unit(benchmark::kMillisecond);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  register_rows();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
}
