#include "io/safetensors.h"

#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace uvic;
  const auto path = fuzz::file_of(fuzz::text_of(data, size), "x.safetensors");
  return fuzz::taken_or_refused([&] { load_safetensors(path); });
}
