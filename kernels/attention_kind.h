// The kinds of attention. A kind is a row here, a formula in reference.cpp, and where it has fused kernels a
// struct and a row in cpu/weighing.h and cuda/weighing.cuh. Includes nothing: nvcc reads it too.
#pragma once

namespace uvic {

/// How scores P = scale * Q K^T become the weights W of O = W V.
enum class AttentionKind {
  kSoftmax,  ///< W = softmax(P)
  kCog,      ///< W = sign(P) softmax(|P|): arXiv 2411.07176v3, eq. 4
};

/// Every kind and its name in messages.
inline constexpr struct {
  AttentionKind kind;
  const char* name;
} kAttentionKinds[] = {{AttentionKind::kCog, "Cog"}, {AttentionKind::kSoftmax, "softmax"}};

/// Null for a number that is no kind.
constexpr const char* name_of(AttentionKind kind) {
  for (const auto& row : kAttentionKinds)
    if (row.kind == kind) return row.name;
  return nullptr;
}

}  // namespace uvic
