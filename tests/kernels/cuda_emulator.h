// A machine for the CUDA kernels (see kernels/cuda/device.h) on the CPU: one fiber a thread of the block,
// warp-wide instructions as meetings of 32 fibers. It is stricter than a GPU: it fails on instructions that
// not all lanes reach, on copies that are misaligned or read outside the tensors, on shared memory used
// outside its bounds, and counts bank conflicts of ldmatrix. Copies run as late as wait() allows or as early
// as they may, and threads in either order, so that a missing wait or sync gives wrong numbers. Shared memory
// starts as NaN.
#pragma once
#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <c10/util/bit_cast.h>
#include <ucontext.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/cuda/params.h"

namespace uvic::testing {

class Emulator {
 public:
  struct Options {
    bool eager_copies = false, descending_threads = false;
  };

  /// `readable`: what copies may read. `kernel` gets the shared memory.
  Emulator(Options options, std::vector<std::pair<const void*, size_t>> readable)
      : options_(options), readable_(std::move(readable)) {}

  /// Runs the blocks one after the other; std::runtime_error where the kernel breaks a rule.
  void run(int64_t blocks, int threads, int shared_bytes, const std::function<void(unsigned char*)>& kernel);

  int64_t bank_conflicts() const { return bank_conflicts_; }

  // What EmulatedGpu asks for, called from a fiber.
  static Emulator& current();
  int thread() const { return fiber_; }
  int block() const { return block_; }
  void sync();
  /// Every lane leaves `words` and sees those of all 32; `what` must be the same instruction in all.
  using Words = std::array<uint64_t, 6>;
  const std::array<Words, 32>& exchange(const char* what, const Words& words);
  void copy(void* shared, const void* global, int bytes, bool valid);
  void commit();
  void wait();
  void check_matrix_rows(const std::array<Words, 32>& addresses);

 private:
  struct Copy {
    void* shared;
    const void* global;
    int bytes;
    bool valid;
  };
  struct Barrier {
    int size = 0, arrived = 0;
    int64_t generation = 0;
  };
  struct Warp {
    Barrier barrier;
    std::array<std::array<Words, 32>, 2> words;  // two, so that one meeting an exchange is enough
    std::array<std::array<const char*, 32>, 2> what;
  };
  struct Fiber {
    ucontext_t context;
    std::unique_ptr<char[]> stack;
    std::vector<Copy> issued, committed;
    int exchanges = 0;
    bool done = false;
  };

  static void enter();
  void meet(Barrier& barrier);
  void perform(const Copy& copy) const;
  void fail(const std::string& message);

  const Options options_;
  const std::vector<std::pair<const void*, size_t>> readable_;
  const std::function<void(unsigned char*)>* kernel_ = nullptr;
  unsigned char* shared_ = nullptr;
  int shared_bytes_ = 0, fiber_ = 0;
  int64_t block_ = 0, progress_ = 0, bank_conflicts_ = 0;
  ucontext_t scheduler_;
  Barrier block_barrier_;
  std::vector<Warp> warps_;
  std::vector<Fiber> fibers_;
  std::string failure_;
};

/// The interface of kernels/cuda/machine.cuh.
struct EmulatedGpu {
  template <class T>
  using Storage = std::conditional_t<std::is_same_v<T, cuda::BFloat16>, c10::BFloat16, c10::Half>;

  static int thread() { return Emulator::current().thread(); }
  static int thread_now() { return thread(); }
  static int warp() { return thread() / 32; }
  static int lane() { return thread() % 32; }
  static int block() { return Emulator::current().block(); }
  static void sync() { Emulator::current().sync(); }
  static void sync_warp() { Emulator::current().exchange("sync_warp", {}); }
  static bool any(bool condition) {
    bool result = false;
    for (const auto& words : Emulator::current().exchange("any", {condition})) result |= words[0] != 0;
    return result;
  }
  static float shuffle_xor(float x, int mask) {
    return as_float(uint32_t(Emulator::current().exchange("shuffle_xor", {bits(x)})[lane() ^ mask][0]));
  }
  static float exp2(float x) { return exp2f(x); }
  static float reciprocal(float x) { return 1 / x; }
  static void copy16(void* shared, const void* global, bool valid) {
    Emulator::current().copy(shared, global, 16, valid);
  }
  static void copy8(void* shared, const void* global, bool valid) {
    Emulator::current().copy(shared, global, 8, valid);
  }
  static void commit() { Emulator::current().commit(); }
  static void wait() { Emulator::current().wait(); }

  // PTX ISA, "ldmatrix": row i of 8 x 8 block j is at the address of lane 8 j + i; lane l receives columns 2
  // (l % 4) and 2 (l % 4) + 1 of row l / 4, or with .trans those of the transposed block.
  static void load_matrix(uint32_t (&r)[4], const void* shared) { load_blocks(r, shared, "ldmatrix", false); }
  static void load_matrix_transposed(uint32_t (&r)[4], const void* shared) {
    load_blocks(r, shared, "ldmatrix.trans", true);
  }

  // PTX ISA, "Matrix Fragments for mma.m16n8k16 with floating point type".
  template <class T>
  static void mma(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    const auto& all = Emulator::current().exchange("mma", {a[0], a[1], a[2], a[3], b0, b1});
    for (int i = 0; i < 4; ++i) {
      const int row = lane() / 4 + (i < 2 ? 0 : 8), column = lane() % 4 * 2 + i % 2;
      for (int k = 0; k < 16; ++k) {
        const int a_register = (row >= 8 ? 1 : 0) + (k >= 8 ? 2 : 0), b_register = 4 + (k >= 8 ? 1 : 0);
        const uint64_t a_pair = all[row % 8 * 4 + k % 8 / 2][a_register];
        const uint64_t b_pair = all[column * 4 + k % 8 / 2][b_register];
        c[i] += element<T>(a_pair, k % 2) * element<T>(b_pair, k % 2);
      }
    }
  }

  template <class T>
  static uint32_t pack(float low, float high) {
    return Storage<T>(low).x | uint32_t(Storage<T>(high).x) << 16;
  }
  template <class T>
  static float unpack_low(uint32_t pair) {
    return element<T>(pair, 0);
  }
  template <class T>
  static float unpack_high(uint32_t pair) {
    return element<T>(pair, 1);
  }
  static float as_float(uint32_t bits) { return c10::bit_cast<float>(bits); }

 private:
  static uint32_t bits(float x) { return c10::bit_cast<uint32_t>(x); }
  template <class T>
  static float element(uint64_t pair, int which) {
    return Storage<T>(uint16_t(pair >> 16 * which), Storage<T>::from_bits());
  }
  static void load_blocks(uint32_t (&r)[4], const void* shared, const char* what, bool transposed) {
    const auto& rows = Emulator::current().exchange(what, {reinterpret_cast<uint64_t>(shared)});
    Emulator::current().check_matrix_rows(rows);
    const auto at = [&](int block, int row, int column) -> uint32_t {
      return c10::bit_cast<const uint16_t*>(rows[8 * block + row][0])[column];
    };
    const int row = lane() / 4, column = lane() % 4 * 2;
    for (int block = 0; block < 4; ++block) {
      r[block] = transposed ? at(block, column, row) | at(block, column + 1, row) << 16
                            : at(block, row, column) | at(block, row, column + 1) << 16;
    }
  }
};

}  // namespace uvic::testing
