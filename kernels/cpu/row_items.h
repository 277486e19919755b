// How passes over rows (rows_problem.h) are launched: whose kernels, and in which pieces.
#pragma once
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include <algorithm>

#include "kernels/cpu/cog_attention_cpu.h"
#include "kernels/cpu/in_turn.h"

namespace uvic::cpu {

/// Kernels for rows of float32, else of bfloat16. `isa`: whose; null: this CPU's fastest.
inline const RowKernels& row_kernels_of(at::ScalarType dtype, const Isa* isa = nullptr) {
  const RowKernelSet& set = (isa != nullptr ? *isa : default_isa()).rows();
  return dtype == at::kFloat ? set.f32 : set.bf16;
}

/// Rows whose gradients of a weight are added up by one thread.
inline constexpr int64_t kRowsOfAnItem = 64;

/// Items of so many rows: a weight's gradient is the sum of theirs in order, whatever threads there are.
inline int64_t row_items(int64_t rows) {
  return ceil_div(rows, kRowsOfAnItem);
}

/// run(begin, end, item) for each item's rows.
template <class Run>
void for_row_items(int64_t rows, const Run& run) {
  at::parallel_for(0, row_items(rows), 1, [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item)
      run(item * kRowsOfAnItem, std::min(rows, (item + 1) * kRowsOfAnItem), item);
  });
}

}  // namespace uvic::cpu
