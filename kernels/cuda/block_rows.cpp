// How a library with CUDA queues the passes of kernels/block_rows.h: on the current stream.
#include "kernels/cuda/block_rows.h"

#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

namespace uvic::cuda {
namespace {

bool serves(int device) {
  int major = 0;
  C10_CUDA_CHECK(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor,
                                        device < 0 ? c10::cuda::current_device() : device));
  return major >= 8;
}

void queue(int device, const std::function<int(CUstream_st*)>& launch) {
  const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(device));
  C10_CUDA_CHECK(static_cast<cudaError_t>(launch(c10::cuda::getCurrentCUDAStream().stream())));
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

[[maybe_unused]] const bool told = (block_row_queue() = {&kBlockRows, serves, queue}, true);

}  // namespace
}  // namespace uvic::cuda
