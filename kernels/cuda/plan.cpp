#include "kernels/cuda/plan.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <algorithm>

#include "kernels/cuda/dispatch.h"
#include "kernels/cuda/weighing.cuh"

namespace uvic::cuda {

bool built() {
  static const bool found = c10::Dispatcher::singleton()
                                .findSchemaOrThrow("uvic::attention", "")
                                .hasKernelForDispatchKey(c10::DispatchKey::CUDA);
  return found;
}

bool has_kernels(AttentionKind kind) {
  return dispatch_kind(kind, false, []<class>() { return true; });
}

bool has_kernels(int64_t head_dim) {
  return std::find(std::begin(kHeadDims), std::end(kHeadDims), head_dim) != std::end(kHeadDims);
}

c10::ArrayRef<int> head_dims() {
  return kHeadDims;
}

int64_t most_blocks(const AttentionCall& call) {
  Problem p;
  p.batch = int(call.batch), p.heads = int(call.heads);
  p.queries = int(call.queries), p.keys = int(call.keys);
  int64_t most = 0;
  for (const Pass pass : {Pass::kForward, Pass::kStatistics, Pass::kQueryGradient, Pass::kKeyGradients})
    most = std::max(most, block_count(pass, kernel_shape(pass, call.dtype, call.head_dim), p));
  return most + call.documents * call.heads;  // a document begins a tile
}

std::vector<DocumentTile> document_tiles(at::IntArrayRef documents, int64_t N, int rows) {
  std::vector<DocumentTile> tiles;
  for (size_t i = 1; i < documents.size(); ++i) {
    const int64_t begin = documents[i - 1];
    const int length = int(documents[i] - begin);
    for (int tile = 0; tile < ceil_div(length, rows); ++tile)
      tiles.push_back({int(begin / N), int(begin % N), length, tile});
  }
  return tiles;
}

KernelShape kernel_shape(Pass pass, at::ScalarType dtype, int64_t head_dim) {
  return dispatch(dtype, head_dim, [&]<class T, int D>() { return kernel_shape<T, D>(pass); });
}

bool readable_in_place(const at::Tensor& x) {
  const auto aligned = [&](int64_t elements) { return elements * x.element_size() % 16 == 0; };
  return x.stride(3) == 1 && reinterpret_cast<uintptr_t>(x.data_ptr()) % 16 == 0 && aligned(x.stride(0)) &&
         aligned(x.stride(1)) && aligned(x.stride(2));
}

View view_of(const at::Tensor& x) {
  return {x.data_ptr(), x.stride(0), x.stride(1), x.stride(2)};
}

}  // namespace uvic::cuda
