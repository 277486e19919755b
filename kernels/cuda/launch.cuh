// The kernels as nvcc wants them, and their launch. Included by the generated units alone.
#pragma once
#include "kernels/cuda/backward.cuh"
#include "kernels/cuda/exact.cuh"
#include "kernels/cuda/forward.cuh"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/machine.cuh"
#include "kernels/cuda/statistics.cuh"

namespace uvic::cuda {

/// Registers are allotted so that two tensor-core blocks share an SM; the others take what they need.
template <class T, int D, Pass pass>
__global__ void __launch_bounds__(kernel_shape<T, D>(pass).threads,
                                  std::is_same_v<T, Float> || pass == Pass::kStatistics ? 1 : 2)
    cog_attention_kernel(const __grid_constant__ Problem p, const __grid_constant__ Gradients g) {
  extern __shared__ __align__(128) unsigned char shared[];
  constexpr bool kKeyRows = pass == Pass::kKeyGradients;
  if constexpr (pass == Pass::kStatistics)
    fill_statistics<T, D, Gpu>(p, g);
  else if constexpr (std::is_same_v<T, Float> && pass == Pass::kForward)
    exact_forward<D, Gpu>(p, reinterpret_cast<float*>(shared));
  else if constexpr (std::is_same_v<T, Float>)
    exact_backward<D, kKeyRows, Gpu>(p, g, reinterpret_cast<float*>(shared));
  else if constexpr (pass == Pass::kForward)
    Forward<T, D, Gpu>(p, shared).run();
  else
    Backward<T, D, kKeyRows, Gpu>(p, g, shared).run();
}

template <class T, int D, Pass pass>
cudaError_t launch_pass(const Problem& problem, const Gradients& gradients, cudaStream_t stream) {
  constexpr KernelShape shape = kernel_shape<T, D>(pass);
  const auto kernel = cog_attention_kernel<T, D, pass>;
  // Over 48 KB only where asked for; the request is a device's, hence every time.
  const cudaError_t error =
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shape.shared_bytes);
  if (error != cudaSuccess) return error;
  kernel<<<unsigned(block_count(pass, shape, problem)), shape.threads, shape.shared_bytes, stream>>>(
      problem, gradients);
  return cudaGetLastError();
}

template <class T, int D>
int launch(Pass pass, const Problem& problem, const Gradients& gradients, CUstream_st* stream) {
  switch (pass) {
    case Pass::kForward:
      return launch_pass<T, D, Pass::kForward>(problem, gradients, stream);
    case Pass::kStatistics:
      return launch_pass<T, D, Pass::kStatistics>(problem, gradients, stream);
    case Pass::kQueryGradient:
      return launch_pass<T, D, Pass::kQueryGradient>(problem, gradients, stream);
    case Pass::kKeyGradients:
      return launch_pass<T, D, Pass::kKeyGradients>(problem, gradients, stream);
  }
  return cudaErrorInvalidValue;
}

}  // namespace uvic::cuda
