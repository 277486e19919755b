#include "kernels/cuda_emulator.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace uvic::testing {
namespace {

constexpr size_t kStackBytes = 256 << 10;
constexpr int kGuardBytes = 1024;
Emulator* running = nullptr;

}  // namespace

Emulator& Emulator::current() {
  return *running;
}

void Emulator::enter() {
  Emulator& self = *running;
  (*self.kernel_)(self.shared_);
  Fiber& fiber = self.fibers_[self.fiber_];
  if (!fiber.issued.empty() || !fiber.committed.empty()) self.fail("a copy was never waited for");
  fiber.done = true;
  ++self.progress_;
  swapcontext(&fiber.context, &self.scheduler_);
}

void Emulator::run(int64_t blocks, int threads, int shared_bytes,
                   const std::function<void(unsigned char*)>& kernel) {
  running = this;
  kernel_ = &kernel;
  shared_bytes_ = shared_bytes;
  const std::unique_ptr<unsigned char[]> memory(new unsigned char[shared_bytes + kGuardBytes + 128]);
  shared_ = memory.get() + (128 - reinterpret_cast<uintptr_t>(memory.get()) % 128);
  fibers_ = std::vector<Fiber>(threads);
  for (Fiber& fiber : fibers_) fiber.stack.reset(new char[kStackBytes]);
  for (block_ = 0; block_ < blocks; ++block_) {
    std::memset(shared_, 0xff, shared_bytes + kGuardBytes);
    block_barrier_ = {threads};
    warps_.assign(threads / 32, {});
    for (Warp& warp : warps_) warp.barrier.size = 32;
    for (Fiber& fiber : fibers_) {
      fiber.done = false;
      fiber.exchanges = 0;
      getcontext(&fiber.context);
      fiber.context.uc_stack.ss_sp = fiber.stack.get();
      fiber.context.uc_stack.ss_size = kStackBytes;
      fiber.context.uc_link = nullptr;
      makecontext(&fiber.context, &Emulator::enter, 0);
    }
    for (int left = threads; left > 0;) {
      const int64_t before = progress_;
      for (int i = 0; i < threads; ++i) {
        fiber_ = options_.descending_threads ? threads - 1 - i : i;
        if (fibers_[fiber_].done) continue;
        swapcontext(&scheduler_, &fibers_[fiber_].context);
        if (!failure_.empty()) throw std::runtime_error(failure_);
        left -= fibers_[fiber_].done;
      }
      if (progress_ == before) throw std::runtime_error("threads wait for others that never come");
    }
    if (std::any_of(shared_ + shared_bytes, shared_ + shared_bytes + kGuardBytes,
                    [](unsigned char byte) { return byte != 0xff; }))
      throw std::runtime_error("shared memory was written past its end");
  }
}

// An exception must not cross a fiber's stack: the scheduler throws.
void Emulator::fail(const std::string& message) {
  if (failure_.empty()) failure_ = message;
  for (;;) swapcontext(&fibers_[fiber_].context, &scheduler_);
}

void Emulator::meet(Barrier& barrier) {
  const int64_t generation = barrier.generation;
  if (++barrier.arrived == barrier.size) {
    barrier.arrived = 0;
    ++barrier.generation;
    ++progress_;
    return;
  }
  ucontext_t& mine = fibers_[fiber_].context;
  while (barrier.generation == generation) swapcontext(&mine, &scheduler_);
}

void Emulator::sync() {
  meet(block_barrier_);
}

const std::array<Emulator::Words, 32>& Emulator::exchange(const char* what, const Words& words) {
  Warp& warp = warps_[fiber_ / 32];
  const int side = fibers_[fiber_].exchanges++ % 2, lane = fiber_ % 32;
  warp.words[side][lane] = words;
  warp.what[side][lane] = what;
  meet(warp.barrier);
  for (const char* other : warp.what[side])
    if (other != what) fail(std::string("lanes of a warp meet in ") + what + " and " + other);
  return warp.words[side];
}

void Emulator::copy(void* shared, const void* global, int bytes, bool valid) {
  const auto inside = [bytes](const void* p, const void* begin, size_t size) {
    return p >= begin && static_cast<const char*>(p) + bytes <= static_cast<const char*>(begin) + size;
  };
  if (reinterpret_cast<uintptr_t>(shared) % bytes || (valid && reinterpret_cast<uintptr_t>(global) % bytes))
    fail("misaligned copy");
  if (!inside(shared, shared_, shared_bytes_)) fail("copy outside shared memory");
  if (valid && std::none_of(readable_.begin(), readable_.end(),
                            [&](const auto& range) { return inside(global, range.first, range.second); }))
    fail("copy from outside the tensors");
  const Copy copy{shared, global, bytes, valid};
  if (options_.eager_copies)
    perform(copy);
  else
    fibers_[fiber_].issued.push_back(copy);
}

void Emulator::perform(const Copy& copy) const {
  if (copy.valid)
    std::memcpy(copy.shared, copy.global, copy.bytes);
  else
    std::memset(copy.shared, 0, copy.bytes);
}

void Emulator::commit() {
  Fiber& fiber = fibers_[fiber_];
  fiber.committed.insert(fiber.committed.end(), fiber.issued.begin(), fiber.issued.end());
  fiber.issued.clear();
}

void Emulator::wait() {
  for (const Copy& copy : fibers_[fiber_].committed) perform(copy);
  fibers_[fiber_].committed.clear();
}

// ldmatrix reads the eight 16-byte rows of one block at a time: without conflict if they lie in different
// banks.
void Emulator::check_matrix_rows(const std::array<Words, 32>& addresses) {
  for (const Words& words : addresses) {
    const auto* const row = c10::bit_cast<const unsigned char*>(words[0]);
    if (words[0] % 16 || row < shared_ || row + 16 > shared_ + shared_bytes_)
      fail("ldmatrix outside shared memory or misaligned");
  }
  if (fiber_ % 32) return;  // counted once a warp
  for (int block = 0; block < 4; ++block) {
    unsigned banks = 0;
    for (int row = 0; row < 8; ++row) banks |= 1u << addresses[8 * block + row][0] / 16 % 8;
    bank_conflicts_ += 8 - std::popcount(banks);
  }
}

}  // namespace uvic::testing
