// The kinds of attention. A kind is a row here, a formula in attention_weights.cpp, and where it has fused
// kernels a struct and a row in cpu/weighing.h and cuda/weighing.cuh. Includes nothing: nvcc reads it too.
#pragma once

namespace uvic {

/// How scores P = scale * Q K^T become the weights W of O = W V. Sums are over the keys that a query sees.
enum class AttentionKind {
  kSoftmax,   ///< W = softmax(P)
  kCog,       ///< W = sign(P) softmax(|P|): arXiv 2411.07176v3, eq. 4
  kSoftmax1,  ///< W = exp(P) / (1 + sum exp P): a query may attend to nothing ("off by one", Miller 2023)
  /// W = sigmoid(P - log N), N the keys that the query sees: arXiv 2409.04431, whose bias is b = -log N
  kSigmoid,
  /// W = C / s with C = sign(P) softmax(|P|), s = sum C: Cog's weights, made to sum to 1 as softmax's do. Eq.
  /// 4 divides by the sum of |C| so that this cannot happen: where s is near 0, |W| grows like 1 / |s| and
  /// its sign turns. |s| is therefore taken for kLeastRowSum where it is less (the sign stays, + at 0): the
  /// row then sums to less than 1, and its |W| to 1 / kLeastRowSum.
  kCogSum1,
};

inline constexpr double kLeastRowSum = 0.01;

/// Every kind and its name in messages.
inline constexpr struct {
  AttentionKind kind;
  const char* name;
} kAttentionKinds[] = {{AttentionKind::kCog, "Cog"},
                       {AttentionKind::kSoftmax, "softmax"},
                       {AttentionKind::kSoftmax1, "softmax + 1"},
                       {AttentionKind::kSigmoid, "sigmoid"},
                       {AttentionKind::kCogSum1, "row-sum-1 Cog"}};

/// Null for a number that is no kind.
constexpr const char* name_of(AttentionKind kind) {
  for (const auto& row : kAttentionKinds)
    if (row.kind == kind) return row.name;
  return nullptr;
}

}  // namespace uvic
