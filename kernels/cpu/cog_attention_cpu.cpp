#include "kernels/cpu/cog_attention_cpu.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "kernels/cpu/in_turn.h"
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

Problem problem(const Tensor& q, const Tensor& k, const Tensor& v, double scale, bool causal) {
  Problem p;
  p.H = q.size(1), p.N = p.lse_stride = q.size(2), p.M = k.size(2), p.D = q.size(3);
  p.heads = q.size(0) * p.H;
  p.scale = scale, p.causal = causal;
  p.q = view_of(q), p.k = view_of(k), p.v = view_of(v);
  return p;
}

// A problem a document, the longest first: what is left at the end, when threads run out of work, is short.
std::vector<Problem> problems_of(const Problem& call, at::IntArrayRef documents) {
  if (documents.empty()) return {call};
  std::vector<Problem> problems(documents.size() - 1, call);
  for (size_t i = 0; i < problems.size(); ++i) {
    Problem& p = problems[i];
    p.first_head = documents[i] / call.N * call.H, p.heads = call.H;
    p.first_token = documents[i] % call.N;
    p.N = p.M = documents[i + 1] - documents[i];
  }
  std::stable_sort(problems.begin(), problems.end(),
                   [](const Problem& a, const Problem& b) { return a.N > b.N; });
  return problems;
}

int64_t all_items(const Problem& p) {
  return p.heads * p.splits;
}

// Runs items 0 .. items(p) of every problem in one parallel region.
template <class Items, class Run>
void run_items(const std::vector<Problem>& problems, int64_t bytes, const Items& items, const Run& run) {
  std::vector<int64_t> first = {0};  // of each problem, among the items of all
  for (const Problem& p : problems) first.push_back(first.back() + items(p));
  in_turn(first.back(), bytes, [&](int64_t item, char* workspace) {
    const auto i = std::upper_bound(first.begin(), first.end(), item) - first.begin() - 1;
    run(problems[size_t(i)], item - first[size_t(i)], workspace);
  });
}

int64_t most(const std::vector<Problem>& problems, int64_t (*bytes)(const Problem&)) {
  int64_t result = 0;
  for (const Problem& p : problems) result = std::max(result, bytes(p));
  return result;
}

}  // namespace

std::tuple<Tensor, Tensor> forward(const Isa& isa, AttentionKind kind, const Tensor& q_in, const Tensor& k_in,
                                   const Tensor& v_in, double scale, bool causal, at::IntArrayRef documents) {
  const Tensor q = dense_rows(q_in), k = dense_rows(k_in), v = dense_rows(v_in);
  const Tensor out = empty_token_major(q);
  const Tensor lse = empty_statistics(q);
  if (q.numel() == 0) return {out, lse};
  Problem call = problem(q, k, v, scale, causal);
  call.out = view_of(out);
  call.lse = lse.data_ptr();
  const Kernels& kernels = kernels_for(isa, kind, q.scalar_type());
  std::vector<Problem> problems = problems_of(call, documents);
  // A head is an item, for its keys are packed once; a part of its queries where a head is too much for
  // threads to end together.
  const int64_t threads = at::get_num_threads(), items = threads > 1 ? kItemsPerThread * threads : 1;
  int64_t scores = 0;
  for (const Problem& p : problems) scores += p.heads * p.N * p.M;
  for (Problem& p : problems)
    p.splits = std::min(ceil_div(p.N * p.M * items, scores), kernels.forward_blocks(p));
  run_items(problems, most(problems, kernels.forward_bytes), all_items, kernels.forward);
  return {out, lse};
}

std::tuple<Tensor, Tensor, Tensor> backward(const Isa& isa, AttentionKind kind, const Tensor& grad_in,
                                            const Tensor& q_in, const Tensor& k_in, const Tensor& v_in,
                                            const Tensor& out_in, const Tensor& lse_in, double scale,
                                            bool causal, at::IntArrayRef documents) {
  const Tensor q = dense_rows(q_in), k = dense_rows(k_in), v = dense_rows(v_in), out = dense_rows(out_in),
               grad = dense_rows(grad_in), lse = lse_in.contiguous();
  const Tensor grad_q = empty_token_major(q), grad_k = empty_token_major(k), grad_v = empty_token_major(v);
  if (q.numel() == 0) {
    grad_k.zero_(), grad_v.zero_();
    return {grad_q, grad_k, grad_v};
  }
  Problem call = problem(q, k, v, scale, causal);
  call.out = view_of(out), call.grad_out = view_of(grad);
  call.grad_q = view_of(grad_q), call.grad_k = view_of(grad_k), call.grad_v = view_of(grad_v);
  call.lse = lse.data_ptr();
  const Kernels& kernels = kernels_for(isa, kind, q.scalar_type());
  std::vector<Problem> problems = problems_of(call, documents);
  // Parts of a head are summed in another order than a whole one, so heads are split only where there are
  // fewer of them than threads.
  const int64_t parts = ceil_div(at::get_num_threads(), call.heads);
  int64_t bytes = 0;
  for (Problem& p : problems) {
    p.splits = std::min(parts, kernels.backward_blocks(p));
    if (p.splits > 1) bytes += all_items(p) * kernels.partial_bytes(p);
  }
  const Aligned partials(bytes);
  char* unused = partials.data;
  for (Problem& p : problems)
    if (p.splits > 1) p.partials = std::exchange(unused, unused + all_items(p) * kernels.partial_bytes(p));
  run_items(problems, most(problems, kernels.backward_bytes), all_items, kernels.backward);
  if (bytes > 0)
    run_items(
        problems, 0, [](const Problem& p) { return p.splits > 1 ? p.heads : 0; },
        [&](const Problem& p, int64_t head, char*) { kernels.reduce(p, head); });
  return {grad_q, grad_k, grad_v};
}

}  // namespace uvic::cpu
