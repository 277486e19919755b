// The CUDA key of uvic::cog_attention: chooses, allocates and queues the kernels on the current stream.
#include <ATen/core/Tensor.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/library.h>

#include <cmath>

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

// Whether the kernels run. Plain ATen also takes empty tensors and a scale that is not positive, for which
// sign(P) is not sign(QK^T). c10::Error where the kernels were asked for and the device or the sizes do not
// allow them.
bool takes_fused(const Tensor& q, const Tensor& k, double scale, std::optional<bool> fused) {
  if (!runs_fused(q.device().type(), q.scalar_type(), q.size(3), fused)) return false;
  if (q.numel() == 0 || !(scale > 0) || !std::isfinite(scale)) return false;
  std::string why = cuda::limits(q.scalar_type(), q.size(3), q.size(0), q.size(1), q.size(2), k.size(2));
  int major = 0;
  C10_CUDA_CHECK(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, q.device().index()));
  if (major < 8)
    why = c10::str("the CUDA kernels need compute capability 8.0, device ", q.device(), " has ", major);
  TORCH_CHECK(!fused.value_or(false) || why.empty(), "cog_attention: ", why);
  return why.empty();
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

void launch(Pass pass, const Tensor& q, const cuda::Problem& p, const cuda::Gradients& g) {
  const cudaStream_t stream = c10::cuda::getCurrentCUDAStream().stream();
  const int error = cuda::dispatch(q.scalar_type(), q.size(3),
                                   [&]<class T, int D>() { return cuda::launch<T, D>(pass, p, g, stream); });
  C10_CUDA_CHECK(static_cast<cudaError_t>(error));
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

std::tuple<Tensor, Tensor> forward(const Tensor& q, const Tensor& k, const Tensor& v,
                                   std::optional<double> scale_or_default, bool causal,
                                   std::optional<bool> fused) {
  check_attention_inputs(q, k, v, causal);
  const double scale = scale_or_default.value_or(1 / std::sqrt(double(q.size(3))));
  if (!takes_fused(q, k, scale, fused)) return reference::cog_attention(q, k, v, scale, causal);
  const c10::cuda::CUDAGuard guard(q.device());
  const Tensor rq = readable(q), rk = readable(k), rv = readable(v);
  const Tensor out = empty_token_major(q);
  const Tensor lse = at::empty({q.size(0), q.size(1), q.size(2)}, q.options().dtype(at::kFloat));
  launch(Pass::kForward, q, problem(rq, rk, rv, out, lse, scale, causal), {});
  return {out, lse};
}

std::tuple<Tensor, Tensor, Tensor> backward(const Tensor& grad_out, const Tensor& q, const Tensor& k,
                                            const Tensor& v, const Tensor& out, const Tensor& lse,
                                            double scale, bool causal, std::optional<bool> fused) {
  if (!takes_fused(q, k, scale, fused))
    return reference::cog_attention_backward(grad_out, q, k, v, out, lse, scale, causal);
  const c10::cuda::CUDAGuard guard(q.device());
  const Tensor rq = readable(q), rk = readable(k), rv = readable(v), ro = readable(out),
               rg = readable(grad_out);
  const Tensor rl = lse.contiguous();
  const Tensor grad_q = empty_token_major(q), grad_k = empty_token_major(k), grad_v = empty_token_major(v);
  const Tensor statistics = at::empty({q.size(0), q.size(1), q.size(2), 2}, rl.options());
  const cuda::Problem p = problem(rq, rk, rv, ro, rl, scale, causal);
  const cuda::Gradients g{cuda::view_of(rg), cuda::view_of(grad_q), cuda::view_of(grad_k),
                          cuda::view_of(grad_v), statistics.data_ptr<float>()};
  for (const Pass pass : {Pass::kStatistics, Pass::kQueryGradient, Pass::kKeyGradients})
    launch(pass, q, p, g);
  return {grad_q, grad_k, grad_v};
}

}  // namespace

TORCH_LIBRARY_IMPL(uvic, CUDA, library) {
  library.impl("cog_attention", forward);
  library.impl("cog_attention_backward", backward);
}

}  // namespace uvic
