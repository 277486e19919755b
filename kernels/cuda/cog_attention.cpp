// The CUDA key of uvic::attention: chooses, allocates and queues the kernels on the current stream.
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/library.h>

#include <cstring>

#include "kernels/checks.h"
#include "kernels/choose.h"
#include "kernels/cuda/dispatch.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/plan.h"
#include "kernels/layout.h"
#include "kernels/reference.h"

namespace uvic {
namespace {

using at::Tensor;
using cuda::Pass;

bool runs_fused(AttentionKind kind, const Tensor& q, const Tensor& k, double scale, std::optional<bool> fused,
                at::IntArrayRef documents) {
  AttentionCall call = call_of(kind, q, k, scale, fused);
  call.documents = documents.empty() ? 0 : int64_t(documents.size()) - 1;
  C10_CUDA_CHECK(cudaDeviceGetAttribute(&call.compute_capability, cudaDevAttrComputeCapabilityMajor,
                                        q.device().index()));
  return choose_kernel(call).fused;
}

Tensor readable(const Tensor& x) {
  return cuda::readable_in_place(x) ? x : x.contiguous();
}

cuda::Problem problem(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& out, const Tensor& lse,
                      double scale, bool causal) {
  cuda::Problem p{cuda::view_of(q), cuda::view_of(k), cuda::view_of(v), cuda::view_of(out),
                  lse.data_ptr<float>()};
  p.batch = int(q.size(0)), p.heads = int(q.size(1)), p.queries = int(q.size(2)), p.keys = int(k.size(2));
  p.scale = float(scale), p.scale_log2e = float(scale * double(cuda::kLog2e));
  p.causal = causal;
  return p;
}

// The documents' tiles for a pass, [tiles, 4], on q's device; undefined where there are no documents. By way
// of pinned memory, so that the host does not wait for the device.
Tensor tiles_of(at::IntArrayRef documents, Pass pass, const Tensor& q) {
  if (documents.empty()) return {};
  const int rows = cuda::kernel_shape(pass, q.scalar_type(), q.size(3)).rows;
  const auto tiles = cuda::document_tiles(documents, q.size(2), rows);
  static_assert(sizeof(tiles[0]) == 4 * sizeof(int));
  const Tensor pinned =
      at::empty({int64_t(tiles.size()), 4}, at::TensorOptions().dtype(at::kInt).pinned_memory(true));
  std::memcpy(pinned.mutable_data_ptr(), tiles.data(), pinned.nbytes());
  return pinned.to(q.device(), at::kInt, /*non_blocking=*/true);
}

void confine(cuda::Problem& p, const Tensor& tiles) {
  if (!tiles.defined()) return;
  p.tiles = static_cast<const cuda::DocumentTile*>(tiles.const_data_ptr());
  p.tile_count = int(tiles.size(0));
}

void launch(AttentionKind kind, Pass pass, const Tensor& q, const cuda::Problem& p,
            const cuda::Gradients& g) {
  const cudaStream_t stream = c10::cuda::getCurrentCUDAStream().stream();
  const int error = cuda::dispatch(q.scalar_type(), q.size(3), [&]<class T, int D>() {
    return cuda::launch<T, D>(kind, pass, p, g, stream);
  });
  C10_CUDA_CHECK(static_cast<cudaError_t>(error));
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

std::tuple<Tensor, Tensor> forward(int64_t number, const Tensor& q, const Tensor& k, const Tensor& v,
                                   std::optional<double> given_scale, bool causal, std::optional<bool> fused,
                                   const std::optional<Tensor>& cu_seqlens) {
  const AttentionKind kind = kind_of(number);
  check_attention_inputs(q, k, v, causal);
  const at::IntArrayRef documents = documents_of(cu_seqlens, q, k);
  const double scale = scale_or_default(q, given_scale);
  if (!runs_fused(kind, q, k, scale, fused, documents))
    return reference::attention(kind, q, k, v, scale, causal, documents);
  const c10::cuda::CUDAGuard guard(q.device());
  const Tensor rq = readable(q), rk = readable(k), rv = readable(v);
  const Tensor out = empty_token_major(q);
  const Tensor lse = empty_statistics(q);
  const Tensor tiles = tiles_of(documents, Pass::kForward, q);
  cuda::Problem p = problem(rq, rk, rv, out, lse, scale, causal);
  confine(p, tiles);
  launch(kind, Pass::kForward, q, p, {});
  return {out, lse};
}

std::tuple<Tensor, Tensor, Tensor> backward(int64_t number, const Tensor& grad_out, const Tensor& q,
                                            const Tensor& k, const Tensor& v, const Tensor& out,
                                            const Tensor& lse, double scale, bool causal,
                                            std::optional<bool> fused,
                                            const std::optional<Tensor>& cu_seqlens) {
  const AttentionKind kind = kind_of(number);
  const at::IntArrayRef documents = documents_of(cu_seqlens, q, k);
  if (!runs_fused(kind, q, k, scale, fused, documents))
    return reference::attention_backward(kind, grad_out, q, k, v, out, lse, scale, causal, documents);
  const c10::cuda::CUDAGuard guard(q.device());
  const Tensor rq = readable(q), rk = readable(k), rv = readable(v), ro = readable(out),
               rg = readable(grad_out);
  const Tensor rl = lse.contiguous();
  const Tensor grad_q = empty_token_major(q), grad_k = empty_token_major(k), grad_v = empty_token_major(v);
  const Tensor statistics = at::empty({q.size(0), q.size(1), q.size(2), 2}, rl.options());
  const Tensor tiles = tiles_of(documents, Pass::kQueryGradient, q);  // as many rows as kKeyGradients has
  cuda::Problem p = problem(rq, rk, rv, ro, rl, scale, causal);
  confine(p, tiles);
  const cuda::Gradients g{cuda::view_of(rg), cuda::view_of(grad_q), cuda::view_of(grad_k),
                          cuda::view_of(grad_v), statistics.data_ptr<float>()};
  for (const Pass pass : {Pass::kStatistics, Pass::kQueryGradient, Pass::kKeyGradients})
    launch(kind, pass, q, p, g);
  return {grad_q, grad_k, grad_v};
}

}  // namespace

TORCH_LIBRARY_IMPL(uvic, CUDA, library) {
  library.impl("attention", forward);
  library.impl("attention_backward", backward);
}

}  // namespace uvic
