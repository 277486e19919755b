// Words that nvcc knows and the host compiler does not: the kernels are templates over a "machine" (the GPU
// in machine.cuh, an emulator in the tests), so both compilers read them.
#pragma once
#include <cmath>
#include <cstdint>

#ifdef __CUDACC__
#define UVIC_DEVICE __device__ __forceinline__
#define UVIC_HOST_DEVICE __host__ __device__
#define UVIC_UNROLL _Pragma("unroll")
#define UVIC_ROLLED _Pragma("unroll 1")
#else
#define UVIC_DEVICE inline
#define UVIC_HOST_DEVICE
#define UVIC_UNROLL
#define UVIC_ROLLED
#endif

namespace uvic::cuda {

/// 16 bytes: the unit of asynchronous copies, of ldmatrix's rows and of the shared-memory swizzle.
struct alignas(16) Chunk {
  uint32_t words[4];
};

constexpr UVIC_HOST_DEVICE int ceil_div(int a, int b) {
  return (a + b - 1) / b;
}
constexpr UVIC_HOST_DEVICE int smaller(int a, int b) {
  return a < b ? a : b;
}
constexpr UVIC_HOST_DEVICE int larger(int a, int b) {
  return a > b ? a : b;
}

}  // namespace uvic::cuda
