#include "data/idx.h"

#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace uvic;
  const auto path = fuzz::file_of(fuzz::text_of(data, size), "train-images-idx3-ubyte");
  return fuzz::taken_or_refused([&] { read_idx(path); });
}
