// The machine that the kernels run on: one warp-wide instruction a function. The tests have an emulator of
// the same interface. Instructions need sm_80.
#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <type_traits>

#include "kernels/cuda/device.h"
#include "kernels/cuda/params.h"

namespace uvic::cuda {

struct Gpu {
  static UVIC_DEVICE int thread() { return threadIdx.x; }
  /// thread(), read anew: what is computed from it is not kept in registers across a loop.
  static UVIC_DEVICE int thread_now() {
    int thread;
    asm volatile("mov.u32 %0, %%tid.x;" : "=r"(thread));
    return thread;
  }
  /// The warp's index in the block, by a shuffle, so that the compiler knows it to be the same in all lanes.
  static UVIC_DEVICE int warp() { return __shfl_sync(0xffffffffu, threadIdx.x / 32, 0); }
  static UVIC_DEVICE int block() { return blockIdx.x; }
  static UVIC_DEVICE void sync() { __syncthreads(); }
  static UVIC_DEVICE void sync_warp() { __syncwarp(); }
  static UVIC_DEVICE bool any(bool condition) { return __any_sync(0xffffffffu, condition); }
  static UVIC_DEVICE float shuffle_xor(float x, int mask) { return __shfl_xor_sync(0xffffffffu, x, mask); }

  /// 2^x to 2 units in the last place; results under 2^-126 are 0.
  static UVIC_DEVICE float exp2(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
  }

  /// 1 / x to 1 unit in the last place.
  static UVIC_DEVICE float reciprocal(float x) {
    float y;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
  }

  /// Copies 16 bytes from global to shared memory, or writes zeros and reads nothing where !valid; completes
  /// at wait(). `global` must be 16-byte aligned.
  static UVIC_DEVICE void copy16(void* shared, const void* global, bool valid) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(shared)), "l"(global),
                 "r"(valid ? 16 : 0)
                 : "memory");
  }
  static UVIC_DEVICE void copy8(void* shared, const void* global, bool valid) {
    asm volatile("cp.async.ca.shared.global [%0], [%1], 8, %2;" ::"r"(shared_address(shared)), "l"(global),
                 "r"(valid ? 8 : 0)
                 : "memory");
  }
  /// Ends a group of this thread's copies.
  static UVIC_DEVICE void commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
  /// Waits for this thread's committed copies; sync() then shows them to the block.
  static UVIC_DEVICE void wait() { asm volatile("cp.async.wait_group 0;" ::: "memory"); }

  /// Four 8 x 8 blocks of 2-byte elements; lane i gives the address of row i % 8 of block i / 8.
  static UVIC_DEVICE void load_matrix(uint32_t (&r)[4], const void* shared) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(shared_address(shared))
                 : "memory");
  }
  static UVIC_DEVICE void load_matrix_transposed(uint32_t (&r)[4], const void* shared) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(shared_address(shared))
                 : "memory");
  }

  /// c[16, 8] += a[16, 16] b[16, 8], accumulated in float.
  template <class T>
  static UVIC_DEVICE void mma(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    if constexpr (std::is_same_v<T, BFloat16>) {
      asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
          "{%0, %1, %2, %3};"
          : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
    } else {
      asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
          "{%0, %1, %2, %3};"
          : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
    }
  }

  /// Two elements in one register, `low` at the lower address; rounds to nearest even.
  template <class T>
  static UVIC_DEVICE uint32_t pack(float low, float high) {
    uint32_t r;
    if constexpr (std::is_same_v<T, BFloat16>)
      asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
    else
      asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
    return r;
  }
  template <class T>
  static UVIC_DEVICE float unpack_low(uint32_t pair) {
    if constexpr (std::is_same_v<T, BFloat16>)
      return __uint_as_float(pair << 16);
    else
      return __half2float(__ushort_as_half(uint16_t(pair)));
  }
  template <class T>
  static UVIC_DEVICE float unpack_high(uint32_t pair) {
    if constexpr (std::is_same_v<T, BFloat16>)
      return __uint_as_float(pair & 0xffff0000u);
    else
      return __half2float(__ushort_as_half(uint16_t(pair >> 16)));
  }
  static UVIC_DEVICE float as_float(uint32_t bits) { return __uint_as_float(bits); }

 private:
  static UVIC_DEVICE uint32_t shared_address(const void* p) {
    return static_cast<uint32_t>(__cvta_generic_to_shared(p));
  }
};

}  // namespace uvic::cuda
