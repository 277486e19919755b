#include "core/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "core/errors.h"
#include "core/gpu_graph.h"
#include "core/reproducible.h"
#include "support/support.h"

namespace uvic {
namespace {

TEST(Device, Cpu) {
  EXPECT_EQ(parse_device("cpu"), c10::Device(c10::kCPU));
}

TEST(Device, MisspeltIsRefused) {
  for (const char* text :
       {"", "gpu", "CUDA", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", "cuda:1000", "cpu:0", " cpu"}) {
    EXPECT_THROW_WITH(parse_device(text), UsageError,
                      "--device '" + std::string(text) + "' must be auto, cpu, cuda or cuda:N");
  }
}

TEST(Device, AbsentIsRefused) {
  if (at::getNumGPUs() > 0) {
    EXPECT_EQ(parse_device("auto"), c10::Device(c10::kCUDA, 0));
    EXPECT_THROW_WITH(parse_device("cuda:999"), UsageError, "CUDA device(s)");
    return;
  }
  EXPECT_EQ(parse_device("auto"), c10::Device(c10::kCPU));
  EXPECT_THROW_WITH(parse_device("cuda"), UsageError, "--device cuda: no CUDA device is available");
  EXPECT_THROW_WITH(parse_device("cuda:1"), UsageError, "--device cuda:1: no CUDA device is available");
}

TEST(Device, Threads) {
  const int before = at::get_num_threads();
  set_threads(0);
  EXPECT_EQ(at::get_num_threads(), before);
  set_threads(1);
  EXPECT_EQ(at::get_num_threads(), 1);
  set_threads(before);
}

TEST(Device, VersionText) {
  const std::string text = version_text("uvic-train");
  for (const std::string& part :
       {"uvic-train " + version_number() + " (commit ", std::string("\nLibTorch 2."), std::string("\nCUDA "),
        "\nCPU capability " + cpu_capability()}) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }
}

// What graphs and fixed orders do on a GPU: TrainingGolden, SeedContract and .ci/gpu-runs.
TEST(Gpu, ACpuHasNoGraphsAndKeepsItsAlgorithms) {
  EXPECT_FALSE(GpuGraph::possible(c10::kCPU));
  const DeterministicScope scope(c10::kCPU);
  EXPECT_FALSE(at::globalContext().deterministicAlgorithms());
  const DeterministicScope of_a_gpu(c10::Device(c10::kCUDA, 0));
  EXPECT_TRUE(at::globalContext().deterministicAlgorithms());
}

}  // namespace
}  // namespace uvic
