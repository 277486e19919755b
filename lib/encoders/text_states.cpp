#include "encoders/text_states.h"

#include <ATen/ATen.h>

#include "core/dtype.h"
#include "core/errors.h"
#include "text/text_list.h"

namespace uvic {
namespace {

constexpr size_t kShown = 60;  // letters of a text in a message

std::optional<NpyRows> mask_beside(const NpyRows& states) {
  const std::filesystem::path path = states.name().substr(0, states.name().size() - 4) + "_mask.npy";
  if (!std::filesystem::exists(path)) return {};
  return std::optional<NpyRows>(std::in_place, path);
}

}  // namespace

TextStates::TextStates(const std::string& file, const std::string& texts)
    : states_(file), mask_(mask_beside(states_)), texts_file_(texts) {
  check_usage(
      states_.shape().size() == 3 && c10::isFloatingType(states_.dtype()) && tokens() > 0 && dim() > 0, file,
      ": must hold floats [texts, tokens, dim], not ", dtype_name(states_.dtype()), " ",
      at::IntArrayRef(states_.shape()));
  check_usage(!mask_ || mask_->shape() == std::vector<int64_t>{states_.size(), tokens()},
              mask_ ? mask_->name() : "", ": must be [", states_.size(), ", ", tokens(), "] as ", file,
              " is, not ", mask_ ? at::IntArrayRef(mask_->shape()) : at::IntArrayRef());
  const auto list = read_text_list(texts, "text.tokenizer " + texts);
  check_usage(int64_t(list.size()) == states_.size(), texts, ": has ", list.size(), " texts, but ", file,
              " the states of ", states_.size());
  for (size_t i = 0; i < list.size(); ++i) row_of_.emplace(list[i], int64_t(i));
}

at::Tensor TextStates::rows(const std::vector<std::string>& texts) const {
  at::Tensor rows = at::empty({int64_t(texts.size()), 1}, at::kLong);
  auto* to = rows.mutable_data_ptr<int64_t>();
  for (const std::string& text : texts) {
    const auto found = row_of_.find(text);
    check_usage(found != row_of_.end() || text.empty(), "'", text.substr(0, kShown),
                text.size() > kShown ? " ..." : "", "' is not among the texts of ", texts_file_,
                ", whose states are known");
    *to++ = found == row_of_.end() ? -1 : found->second;
  }
  return rows;
}

at::Tensor TextStates::states(const at::Tensor& rows) const {
  const at::Tensor wanted = rows.to(at::kCPU, at::kLong).contiguous();
  at::Tensor states = at::zeros({wanted.numel(), tokens(), dim()});
  for (int64_t i = 0; i < wanted.numel(); ++i) {
    const int64_t row = wanted.const_data_ptr<int64_t>()[i];
    if (row < 0) continue;
    at::Tensor of_text = states_.row(row).to(at::kFloat);
    check_usage(at::isfinite(of_text).all().item<bool>(), states_.name(), ": row ", row,
                " has numbers that are not finite");
    if (mask_) of_text = of_text.masked_fill(mask_->row(row).eq(0).unsqueeze(1), 0);
    states[i] = of_text;
  }
  return states;
}

std::string TextStates::describe() const {
  return c10::str("states of ", states_.size(), " texts, ", tokens(), " x ", dim(), ", of ", states_.name());
}

}  // namespace uvic
