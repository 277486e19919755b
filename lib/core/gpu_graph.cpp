#include "core/gpu_graph.h"

#include <c10/util/Exception.h>

#ifdef UVIC_CUDA
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>
#endif

namespace uvic {

#ifdef UVIC_CUDA

struct GpuGraph::Parts {
  c10::Device device;
  at::cuda::CUDAGraph graph = {};
};

bool GpuGraph::possible(c10::Device device) {
  return device.is_cuda();
}

GpuGraph::GpuGraph(c10::Device device) : parts_(new Parts{device}) {}

void GpuGraph::record(const std::function<void()>& work) {
  const c10::cuda::CUDAGuard device(parts_->device);
  c10::cuda::device_synchronize();
  c10::cuda::CUDACachingAllocator::emptyCache();  // the graph's memory is apart from what earlier calls used
  const c10::cuda::CUDAStreamGuard stream(
      c10::cuda::getStreamFromPool(/*isHighPriority=*/false, parts_->device.index()));
  // Other threads, which load data or score samples, may go on with CUDA meanwhile.
  parts_->graph.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
  work();
  parts_->graph.capture_end();
}

void GpuGraph::replay() {
  parts_->graph.replay();
}

#else

struct GpuGraph::Parts {};

bool GpuGraph::possible(c10::Device) {
  return false;
}

GpuGraph::GpuGraph(c10::Device) {
  TORCH_CHECK(false, "this build has no CUDA");
}

void GpuGraph::record(const std::function<void()>&) {}
void GpuGraph::replay() {}

#endif

GpuGraph::GpuGraph(GpuGraph&& other) noexcept = default;
GpuGraph::~GpuGraph() = default;

}  // namespace uvic
