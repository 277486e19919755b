#include "nn/key_value_cache.h"

#include <ATen/ATen.h>

namespace uvic {

KeyValueCache::KeyValueCache(const CogformerOptions& options, int64_t rows, int64_t capacity,
                             c10::ScalarType dtype, c10::Device device)
    : capacity_(capacity), lengths_(size_t(rows), 0), starts_(size_t(rows), 0) {
  const auto empty = [&] {
    return at::empty({rows, options.n_heads, capacity, options.head_dim()},
                     at::TensorOptions(dtype).device(device));
  };
  for (int64_t i = 0; i < options.n_layers; ++i) {
    keys_.push_back(empty());
    values_.push_back(empty());
  }
}

void KeyValueCache::clear(int64_t row) {
  lengths_[size_t(row)] = starts_[size_t(row)] = 0;
}

void KeyValueCache::begin_document(int64_t row) {
  starts_[size_t(row)] = lengths_[size_t(row)];
}

KeyValueCache::Seen KeyValueCache::append(size_t layer, int64_t row, const at::Tensor& k,
                                          const at::Tensor& v) {
  const int64_t length = lengths_[size_t(row)], start = starts_[size_t(row)], T = k.size(1);
  const auto seen = [&](const at::Tensor& kept, const at::Tensor& more) {
    const at::Tensor of_row = kept.select(0, row);
    of_row.narrow(1, length, T).copy_(more);
    return of_row.narrow(1, start, length + T - start).unsqueeze(0);
  };
  return {seen(keys_[layer], k), seen(values_[layer], v)};
}

void KeyValueCache::advance(int64_t row, int64_t tokens) {
  lengths_[size_t(row)] += tokens;
}

}  // namespace uvic
