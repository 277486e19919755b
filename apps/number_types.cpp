#include "number_types.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/isfinite.h>

#include <map>

#include "core/errors.h"

namespace uvic {
namespace {

const std::map<std::string, at::ScalarType> kDtypes = {
    {"fp32", at::kFloat}, {"fp16", at::kHalf}, {"bf16", at::kBFloat16}};

}  // namespace

void add_dtype(CLI::App& app, std::string& dtype) {
  app.add_option("--dtype", dtype, "of the numbers: keep, fp32, fp16 or bf16")
      ->check(CLI::IsMember({"keep", "fp32", "fp16", "bf16"}))
      ->capture_default_str();
}

void convert_numbers(TensorMap& tensors, const std::string& dtype, const std::string& source) {
  const auto target = kDtypes.find(dtype);
  if (target == kDtypes.end()) return;
  for (auto& [name, tensor] : tensors) {
    if (!tensor.is_floating_point()) continue;
    const double largest = tensor.numel() == 0 ? 0 : tensor.abs().max().item<double>();
    tensor = tensor.to(target->second);
    check_usage(at::isfinite(tensor).all().item<bool>(), source, ": ", name, " has values up to ", largest,
                ", too large for ", dtype);
  }
}

}  // namespace uvic
