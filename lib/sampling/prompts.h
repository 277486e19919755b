// Which prompt each seed shows.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace uvic {

struct Prompts {
  std::vector<std::string> texts =
      {};                     ///< seed s shows number s mod texts.size(); empty: the model knows no text
  std::string negative = {};  ///< what guidance goes away from; the empty caption unless it is set

  bool empty() const { return texts.empty(); }
  const std::string& of(int64_t seed) const { return texts[size_t(seed % int64_t(texts.size()))]; }
  std::vector<std::string> of(const std::vector<int64_t>& seeds) const;
  /// Those of one image.
  Prompts only(int64_t seed) const { return {empty() ? texts : std::vector{of(seed)}, negative}; }
  /// SHA-256 of all of them, in hexadecimal; "" if there are none.
  std::string sha256() const;
  /// " --prompt 'a red fox' --negative-prompt blurred", for a command line.
  std::string options() const;
};

/// From prompts to what a network takes as their context, see PromptEncoder::ids.
using PromptRows = std::function<at::Tensor(const std::vector<std::string>& prompts)>;

}  // namespace uvic
