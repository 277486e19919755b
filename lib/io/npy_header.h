// The header of NumPy's .npy format 1.0, apart from where its bytes lie (a file, an entry of an .npz).
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace uvic {

struct NpyHeader {
  at::ScalarType dtype = at::kFloat;
  std::vector<int64_t> shape;
  bool fortran_order = false;  ///< the first index runs fastest
  int64_t bytes = 0;           ///< of the data that follow
};

/// Reads exactly `count` bytes into `data`, or throws.
using ReadBytes = std::function<void(void* data, int64_t count)>;

/// The bytes before the data of an array in C order, of the types that read_npy_header takes; their length is
/// a multiple of 64.
std::string npy_header(at::ScalarType dtype, at::IntArrayRef shape);

/// Parses a header; little-endian f2, f4, f8, i8, i4, u4, u2, u1 and b1. UsageError, with `name` first, if it
/// is malformed or of another dtype.
NpyHeader read_npy_header(const ReadBytes& read, const std::string& name);

/// UsageError, with `name` first, unless `present` bytes of data are what the header says.
void check_npy_fits(const NpyHeader& header, int64_t present, const std::string& name);

/// The data after a header, as a tensor in C order.
at::Tensor read_npy_data(const NpyHeader& header, const ReadBytes& read);

}  // namespace uvic
