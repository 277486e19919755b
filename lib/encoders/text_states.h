// States of texts that an encoder of elsewhere has made: T5's, say, as an array.
#pragma once
#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "io/npy_rows.h"

namespace uvic {

/// Found by their text. Thread-safe.
class TextStates {
 public:
  /// Whether `encoder` (text.encoder) names such an array: it ends in .npy.
  static bool are_in(const std::string& encoder) { return encoder.ends_with(".npy"); }

  /// `file`: floats [n, tokens, dim]; `texts`: what they are of (text/text_list.h). Where X_mask.npy is
  /// beside X.npy, [n, tokens], states under a 0 of it become 0; without, all are of tokens. UsageError says
  /// what does not go together.
  TextStates(const std::string& file, const std::string& texts);

  int64_t tokens() const { return states_.shape()[1]; }
  int64_t dim() const { return states_.shape()[2]; }
  /// int64 [texts, 1]: which row each has. The empty text needs none: -1. UsageError for others that have
  /// none.
  at::Tensor rows(const std::vector<std::string>& texts) const;
  /// float32 [n, tokens, dim] of such rows; 0 for -1.
  at::Tensor states(const at::Tensor& rows) const;
  /// "states of 40 texts, 77 x 768, of t5.npy".
  std::string describe() const;

 private:
  NpyRows states_;
  std::optional<NpyRows> mask_;
  std::string texts_file_;
  std::unordered_map<std::string, int64_t> row_of_;
};

}  // namespace uvic
