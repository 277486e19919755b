// NumPy's arrays inside a pickle (numpy/_core/src/multiarray/methods.c: array_reduce, array_setstate).
#pragma once
#include <ATen/core/Tensor.h>

#include <optional>

#include "io/pickle.h"

namespace uvic {

/// An array whose numbers lie in the pickle itself.
struct PickledArray {
  at::ScalarType dtype = at::kFloat;
  std::vector<int64_t> sizes;
  bool fortran_order = false;
  std::string_view bytes;
  bool latin1 = false;  ///< protocol 2 has no bytes: each is a character, in UTF-8

  /// Whether there are as many bytes as the sizes need.
  bool is_whole() const;
  /// A copy, contiguous.
  at::Tensor load() const;
};

/// Of an object that makes an array; nullopt for other objects and for numbers that a tensor cannot have.
std::optional<PickledArray> array_of(const PickleContainer& object);

}  // namespace uvic
