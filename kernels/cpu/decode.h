// What generating text one token at a time is made of: every weight, key and value is read once for a few
// rows, so memory is the limit. Float32 rows and sums against float32 or bfloat16 memory.
#pragma once
#include "kernels/cpu/decode_problem.h"
#include "kernels/cpu/units.h"
#include "kernels/cpu/weighing.h"

namespace uvic::cpu::UVIC_ISA {

inline Vec<float> load_wide(const float* p) {
  return load(p);
}
inline Vec<float> load_wide(const Bf16* p) {
  typedef uint16_t Half __attribute__((vector_size(kVectorBytes / 2), aligned(2), may_alias));
  typedef uint32_t Wide __attribute__((vector_size(kVectorBytes)));
  return (Vec<float>)(__builtin_convertvector(*reinterpret_cast<const Half*>(p), Wide) << 16);
}

/// sums[r * outs + o] = x[r] . w[o] for R rows of x and O of w, each of n numbers.
template <int R, int O, class W>
inline void dot_products(const float* x, int64_t x_stride, const W* w, int64_t n, float* sums, int64_t outs) {
  constexpr int L = kLanes<float>;
  Vec<float> acc[R][O] = {};
  int64_t i = 0;
  for (; i + L <= n; i += L) {
    for (int o = 0; o < O; ++o) {
      const Vec<float> weight = load_wide(w + o * n + i);
      for (int r = 0; r < R; ++r) acc[r][o] += load(x + r * x_stride + i) * weight;
    }
  }
  for (int r = 0; r < R; ++r) {
    for (int o = 0; o < O; ++o) {
      float sum = reduce_add<float>(acc[r][o]);
      for (int64_t j = i; j < n; ++j) sum += x[r * x_stride + j] * widen(w[o * n + j]);
      sums[r * outs + o] = sum;
    }
  }
}

template <int R, class W>
void linear_of(const LinearRows& p, int64_t row, int64_t begin, int64_t end) {
  const float* x = p.x + row * p.in;
  const W* w = static_cast<const W*>(p.weight);
  float* y = p.y + row * p.out;
  constexpr int O = 4;  // as many streams of weights keep the memory busy
  int64_t o = begin;
  for (; o + O <= end; o += O) dot_products<R, O>(x, p.in, w + o * p.in, p.in, y + o, p.out);
  for (; o < end; ++o) dot_products<R, 1>(x, p.in, w + o * p.in, p.in, y + o, p.out);
}

/// Outputs begin .. end - 1 of every row.
template <class W>
void linear_rows(const LinearRows& p, int64_t begin, int64_t end) {
  constexpr int64_t kBlock = 64;  // outputs whose weights stay in L2 while further rows read them
  for (int64_t first = begin; first < end; first += kBlock) {
    const int64_t last = first + kBlock < end ? first + kBlock : end;
    int64_t row = 0;
    for (; row + 4 <= p.rows; row += 4) linear_of<4, W>(p, row, first, last);
    for (; row < p.rows; ++row) linear_of<1, W>(p, row, first, last);
  }
}

/// One query of a head; `scores` holds round_up(M, lanes) numbers.
template <class Kind, class In>
void attend_one(const OneQuery& p, int64_t head, float* scores) {
  constexpr int L = kLanes<float>;
  const float* q = p.q + head * p.D;
  const In* k = static_cast<const In*>(p.k) + head * p.k_head;
  const In* v = static_cast<const In*>(p.v) + head * p.v_head;
  float* out = p.out + head * p.D;
  const float to_log2 = float(p.scale * 1.4426950408889634);
  const int64_t padded = (p.M + L - 1) / L * L;
  for (int64_t j = 0; j < p.M; ++j) dot_products<1, 1>(q, p.D, k + j * p.k_row, p.D, scores + j, 1);
  for (int64_t j = p.M; j < padded; ++j) scores[j] = float(Kind::kHidden);
  Vec<float> most = broadcast(float(Kind::kStart));
  for (int64_t j = 0; j < padded; j += L)
    most = max<float>(most, Kind::template bound<float>(load(scores + j)) * to_log2);
  const float top = reduce_max<float>(most);
  Vec<float> sums = {};
  for (int64_t j = 0; j < padded; j += L) {
    const Vec<float> s = load(scores + j);
    Vec<float> e = exp2(Kind::template bound<float>(s) * to_log2 - top);
    if (j + L > p.M) e = (Vec<float>)((Vec<int32_t>)e & first_lanes<float>(p.M - j));
    sums += e;
    store(scores + j, Kind::template weight<float>(s, e));
  }
  const float share = 1 / reduce_add<float>(sums);
  for (int64_t d = 0; d < p.D; ++d) out[d] = 0;
  for (int64_t j = 0; j < p.M; ++j) {
    const In* row = v + j * p.v_row;
    const float weight = scores[j] * share;
    int64_t d = 0;
    for (; d + L <= p.D; d += L) store(out + d, load(out + d) + load_wide(row + d) * weight);
    for (; d < p.D; ++d) out[d] += widen(row[d]) * weight;
  }
}

inline constexpr DecodeKernels kDecodeKernels = {
    .linear_f32 = linear_rows<float>,
    .linear_bf16 = linear_rows<Bf16>,
    .cog_f32 = attend_one<Cog, float>,
    .cog_bf16 = attend_one<Cog, Bf16>,
    .softmax_f32 = attend_one<Softmax, float>,
    .softmax_bf16 = attend_one<Softmax, Bf16>,
};

}  // namespace uvic::cpu::UVIC_ISA
