// Number types by the names that NumPy and PyTorch give them.
#pragma once
#include <c10/core/ScalarType.h>

#include <string>

namespace uvic {

/// "uint8", "float32", where LibTorch prints Byte and Float.
inline std::string dtype_name(c10::ScalarType dtype) {
  return c10::getDtypeNames(dtype).first;
}

}  // namespace uvic
