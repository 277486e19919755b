// Distances between feature rows, a block at a time.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

namespace uvic {

/// Calls `visit` with squared Euclidean distances, float64 [n, M], of rows first .. first + n - 1 of `a` to
/// all of `b`, block by block. Rows [N, D] and [M, D] of any floating dtype. Memory: about 128 MiB.
using VisitDistances = std::function<void(int64_t first, const at::Tensor& squared)>;
void for_each_distance_block(const at::Tensor& a, const at::Tensor& b, const VisitDistances& visit);

/// Squared distance of each row to its k nearest others (itself left out), nearest first: float64 [N, k], N >
/// k.
at::Tensor nearest_distances(const at::Tensor& rows, int64_t k);

}  // namespace uvic
