// The PNGs that this program has written itself and reads again: their texts and their pixels.
#include "fuzz/fuzz.h"
#include "fuzz/png_checksums.h"
#include "io/png.h"
#include "io/png_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace uvic;
  for (const std::string& bytes :
       {std::string(fuzz::text_of(data, size)), fuzz::with_png_checksums(fuzz::text_of(data, size))}) {
    inspect_png_bytes(bytes);
    decode_png(bytes);
  }
  return 0;
}
