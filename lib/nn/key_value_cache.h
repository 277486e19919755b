// What generation keeps of the tokens that it has seen.
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "nn/cogformer_options.h"

namespace uvic {

/// Keys and values of the tokens that some texts have so far, a row a text.
class KeyValueCache {
 public:
  /// Nothing yet of `rows` texts of up to `capacity` tokens; of the dtype that the network runs in.
  KeyValueCache(const CogformerOptions& options, int64_t rows, int64_t capacity,
                c10::ScalarType dtype = c10::ScalarType::Float, c10::Device device = c10::kCPU);

  int64_t rows() const { return int64_t(lengths_.size()); }
  int64_t capacity() const { return capacity_; }
  /// Tokens that a row holds.
  int64_t length(int64_t row) const { return lengths_[size_t(row)]; }
  /// Empties a row, for another text.
  void clear(int64_t row);

 private:
  friend class CogformerDecoder;
  struct Seen {
    at::Tensor keys, values;  ///< [1, H, tokens, D]
  };
  /// The next token begins a document: it and those behind it do not look back beyond it.
  void begin_document(int64_t row);
  /// Takes the keys and values [H, T, D] of a layer's next T tokens; all that those may look at.
  Seen append(size_t layer, int64_t row, const at::Tensor& k, const at::Tensor& v);

  /// Counts tokens that all layers have appended.
  void advance(int64_t row, int64_t tokens);

  int64_t capacity_;
  std::vector<at::Tensor> keys_, values_;  // a layer, [rows, H, capacity, D]
  std::vector<int64_t> lengths_, starts_;  // a row: its tokens, and where the last document begins
};

}  // namespace uvic
