// --dtype of the commands that convert weights.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "io/tensor_file.h"

namespace uvic {

void add_dtype(CLI::App& app, std::string& dtype);

/// The floating-point tensors as `dtype`: keep, fp32, fp16, bf16. UsageError, `source` and the tensor first,
/// where a number is too large for it.
void convert_numbers(TensorMap& tensors, const std::string& dtype, const std::string& source);

}  // namespace uvic
