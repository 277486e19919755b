// What the attention's kernel means to a whole network: U-ViT-S/2 on CIFAR-10 (44 M parameters, N = 257), 8
// images, with fused and unfused Cog Attention and with softmax, in one interleaved run:
//   bench_uvit [--benchmark_filter=REGEX] [google-benchmark's other options]
// Names are {cog_fused,cog_unfused,sdpa}/{forward,train_step}/{f32,bf16}/S2_B8; a train step is forward and
// backward.
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include <cstdio>

#include "kernels/bench/ratios.h"
#include "nn/autocast.h"
#include "nn/uvit.h"

namespace {

using at::Tensor;

uvic::ModelOptions small_patch_2() {
  uvic::ModelOptions options;
  options.img_size = {32};
  options.patch_size = 2;
  options.in_chans = 3;
  options.embed_dim = 512;
  options.depth = 12;
  options.num_heads = 8;
  options.num_classes = -1;
  return options;
}

void run(benchmark::State& state, const char* attention, const char* kernel, uvic::Precision precision,
         bool train) {
  uvic::ModelOptions options = small_patch_2();
  options.attention = attention;
  options.attention_kernel = kernel;
  at::manual_seed(0);
  uvic::UViT model(options);
  const Tensor x = at::randn({8, 3, 32, 32}), t = at::full({8}, 500.0);
  const c10::AutoGradMode grad_mode(train);
  for (auto _ : state) {
    Tensor y;
    {
      const uvic::AutocastScope autocast(uvic::AutocastState::for_precision(precision, c10::kCPU));
      y = model.forward(x, t);
    }
    if (train) y.square().mean().backward();
    benchmark::DoNotOptimize(y);
  }
  state.counters["images/s"] = benchmark::Counter(8, benchmark::Counter::kIsIterationInvariantRate);
}

void register_all() {
  const struct {
    const char *name, *attention, *kernel;
  } rows[] = {{"cog_fused", "cog", "fused"}, {"cog_unfused", "cog", "unfused"}, {"sdpa", "softmax", "auto"}};
  for (const uvic::Precision precision : {uvic::Precision::kFp32, uvic::Precision::kBf16}) {
    for (const bool train : {false, true}) {
      for (const auto& row : rows) {
        const std::string name = std::string(row.name) + (train ? "/train_step/" : "/forward/") +
                                 (precision == uvic::Precision::kFp32 ? "f32" : "bf16") + "/S2_B8";
        benchmark::RegisterBenchmark(
            name.c_str(),
            [=](benchmark::State& state) { run(state, row.attention, row.kernel, precision, train); })
            ->UseRealTime()
            ->Unit(benchmark::kMillisecond);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::fprintf(stderr, "U-ViT-S/2, 8 images, %d threads\n", at::get_num_threads());
  return uvic::bench::run_interleaved(argc, argv, register_all);
}
