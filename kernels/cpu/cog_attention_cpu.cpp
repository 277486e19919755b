#include "kernels/cpu/cog_attention_cpu.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdlib>

#include "kernels/layout.h"

namespace uvic::cpu {
namespace {

using at::Tensor;

View view_of(const Tensor& x) {
  return {x.data_ptr(), x.stride(0), x.stride(1), x.stride(2)};
}

Tensor dense_rows(const Tensor& x) {
  return x.stride(3) == 1 || x.size(3) == 1 ? x : x.contiguous();
}

const Kernels& kernels_for(const Isa& isa, AttentionKind kind, at::ScalarType dtype) {
  const KernelSet& set = *isa.kernels(kind);
  return dtype == at::kFloat ? set.f32 : dtype == at::kDouble ? set.f64 : set.bf16;
}

struct Aligned {
  explicit Aligned(int64_t bytes) : data(static_cast<char*>(std::aligned_alloc(64, size_t(bytes)))) {
    TORCH_CHECK(data != nullptr, "cog_attention: no memory for a workspace of ", bytes, " bytes");
  }
  ~Aligned() { std::free(data); }
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;
  char* data;
};

// Runs items 0 .. n in one range a thread: a range packs each head's K and V once.
void run_items(int64_t n, int64_t bytes, const Problem& p,
               void (*run)(const Problem&, int64_t, int64_t, char*)) {
  const int64_t grain = (n + at::get_num_threads() - 1) / at::get_num_threads();
  at::parallel_for(0, n, grain, [&](int64_t begin, int64_t end) {
    const Aligned workspace(bytes);
    run(p, begin, end, workspace.data);
  });
}

Problem problem(const Tensor& q, const Tensor& k, const Tensor& v, double scale, bool causal) {
  Problem p;
  p.B = q.size(0), p.H = q.size(1), p.N = q.size(2), p.M = k.size(2), p.D = q.size(3);
  p.scale = scale, p.causal = causal;
  p.q = view_of(q), p.k = view_of(k), p.v = view_of(v);
  return p;
}

}  // namespace

std::tuple<Tensor, Tensor> forward(const Isa& isa, AttentionKind kind, const Tensor& q_in, const Tensor& k_in,
                                   const Tensor& v_in, double scale, bool causal) {
  const Tensor q = dense_rows(q_in), k = dense_rows(k_in), v = dense_rows(v_in);
  const Tensor out = empty_token_major(q);
  const Tensor lse = empty_statistics(q);
  if (q.numel() == 0) return {out, lse};
  Problem p = problem(q, k, v, scale, causal);
  p.out = view_of(out);
  p.lse = lse.data_ptr();
  const Kernels& kernels = kernels_for(isa, kind, q.scalar_type());
  run_items(p.B * p.H * kernels.q_blocks(p.N), kernels.forward_bytes(p), p, kernels.forward);
  return {out, lse};
}

std::tuple<Tensor, Tensor, Tensor> backward(const Isa& isa, AttentionKind kind, const Tensor& grad_in,
                                            const Tensor& q_in, const Tensor& k_in, const Tensor& v_in,
                                            const Tensor& out_in, const Tensor& lse_in, double scale,
                                            bool causal) {
  const Tensor q = dense_rows(q_in), k = dense_rows(k_in), v = dense_rows(v_in), out = dense_rows(out_in),
               grad = dense_rows(grad_in), lse = lse_in.contiguous();
  const Tensor grad_q = empty_token_major(q), grad_k = empty_token_major(k), grad_v = empty_token_major(v);
  if (q.numel() == 0) {
    grad_k.zero_(), grad_v.zero_();
    return {grad_q, grad_k, grad_v};
  }
  Problem p = problem(q, k, v, scale, causal);
  p.out = view_of(out), p.grad_out = view_of(grad);
  p.grad_q = view_of(grad_q), p.grad_k = view_of(grad_k), p.grad_v = view_of(grad_v);
  p.lse = lse.data_ptr();
  const int64_t heads = p.B * p.H, threads = at::get_num_threads();
  const Kernels& kernels = kernels_for(isa, kind, q.scalar_type());
  // A head is the unit of work; where there are fewer heads than threads, a part of a head's queries.
  p.q_splits = std::min((threads + heads - 1) / heads, kernels.q_blocks(p.N));
  const Aligned partials(p.q_splits > 1 ? heads * p.q_splits * kernels.partial_bytes(p) : 64);
  p.partials = partials.data;
  run_items(heads * p.q_splits, kernels.backward_bytes(p), p, kernels.backward);
  if (p.q_splits > 1)
    at::parallel_for(0, heads, 1, [&](int64_t begin, int64_t end) { kernels.reduce(p, begin, end); });
  return {grad_q, grad_k, grad_v};
}

}  // namespace uvic::cpu
