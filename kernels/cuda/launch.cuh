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
template <class Kind, class T, int D, Pass pass>
__global__ void __launch_bounds__(kernel_shape<T, D>(pass).threads,
                                  std::is_same_v<T, Float> || pass == Pass::kStatistics ? 1 : 2)
    attention_kernel(const __grid_constant__ Problem p, const __grid_constant__ Gradients g) {
  extern __shared__ __align__(128) unsigned char shared[];
  constexpr bool kKeyRows = pass == Pass::kKeyGradients;
  if constexpr (pass == Pass::kStatistics)
    fill_statistics<T, D, Gpu>(p, g);
  else if constexpr (std::is_same_v<T, Float> && pass == Pass::kForward)
    exact_forward<Kind, D, Gpu>(p, reinterpret_cast<float*>(shared));
  else if constexpr (std::is_same_v<T, Float>)
    exact_backward<Kind, D, kKeyRows, Gpu>(p, g, reinterpret_cast<float*>(shared));
  else if constexpr (pass == Pass::kForward)
    Forward<Kind, T, D, Gpu>(p, shared).run();
  else
    Backward<Kind, T, D, kKeyRows, Gpu>(p, g, shared).run();
}

template <class Kind, class T, int D, Pass pass>
cudaError_t launch_pass(const Problem& problem, const Gradients& gradients, cudaStream_t stream) {
  constexpr KernelShape shape = kernel_shape<T, D>(pass);
  const auto kernel = attention_kernel<Kind, T, D, pass>;
  // Over 48 KB only where asked for; the request is a device's, hence every time.
  const cudaError_t error =
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shape.shared_bytes);
  if (error != cudaSuccess) return error;
  kernel<<<unsigned(block_count(pass, shape, problem)), shape.threads, shape.shared_bytes, stream>>>(
      problem, gradients);
  return cudaGetLastError();
}

template <class Kind, class T, int D>
cudaError_t launch_kind(Pass pass, const Problem& problem, const Gradients& gradients, cudaStream_t stream) {
  switch (pass) {
    case Pass::kForward:
      return launch_pass<Kind, T, D, Pass::kForward>(problem, gradients, stream);
    case Pass::kStatistics:
      return launch_pass<Kind, T, D, Pass::kStatistics>(problem, gradients, stream);
    case Pass::kQueryGradient:
      return launch_pass<Kind, T, D, Pass::kQueryGradient>(problem, gradients, stream);
    case Pass::kKeyGradients:
      return launch_pass<Kind, T, D, Pass::kKeyGradients>(problem, gradients, stream);
  }
  return cudaErrorInvalidValue;
}

template <class T, int D>
int launch(AttentionKind kind, Pass pass, const Problem& problem, const Gradients& gradients,
           CUstream_st* stream) {
  return dispatch_kind(kind, cudaErrorInvalidValue, [&]<class Kind>() {
    return launch_kind<Kind, T, D>(pass, problem, gradients, stream);
  });
}

}  // namespace uvic::cuda
