#include "sampling/finite.h"

#include <ATen/ATen.h>
#include <c10/util/StringUtil.h>

#include "io/grid.h"

namespace uvic {

at::Tensor are_finite(const at::Tensor& images) {
  return at::isfinite(images).flatten(1).all(1);
}

at::Tensor to_pictures(const at::Tensor& images) {
  return to_uint8(images) * are_finite(images).view({-1, 1, 1, 1});
}

at::Tensor FiniteCheck::add(const at::Tensor& images) {
  const at::Tensor finite = are_finite(images).cpu();
  for (int64_t i = 0; i < finite.size(0); ++i, ++made_) {
    if (!finite.const_data_ptr<bool>()[i]) bad_.push_back(seeds_.at(made_));
  }
  return finite;
}

std::string FiniteCheck::text(InferencePrecision precision, const std::string& option) const {
  std::string text =
      made_ == 1  ? "the only image holds"
      : all_bad() ? c10::str("all ", made_, " images hold")
                  : c10::str(bad_.size(), " of ", made_, " images ", bad_.size() == 1 ? "holds" : "hold");
  text += " values that are not finite (NaN or infinity), the first of seed " + std::to_string(bad_.front());
  if (made_ < seeds_.size()) text += c10::str("; the other ", seeds_.size() - made_, " were not made");
  if (precision != InferencePrecision::kFp32) text += "; try " + option + " fp32";
  return text;
}

}  // namespace uvic
