// Files of tokens: packs of uvic-lm, llm.c's, nanoGPT's and .npy.
#include "data/tokens.h"

#include <algorithm>

#include "fuzz/fuzz.h"

namespace uvic {
namespace {

void read_all(const TokenFile& file) {
  file.largest_token();
  file.identity();
  file.read(0, file.size());
  fuzz::taken_or_refused([&] { file.check_tokens(50257); });
  fuzz::taken_or_refused([&] {
    file.check_undamaged();
    const auto starts = file.documents();
    TORCH_CHECK(std::is_sorted(starts.begin(), starts.end()), "documents that do not ascend");
  });
}

}  // namespace
}  // namespace uvic

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace uvic;
  for (const char* name : {"x.tokens", "x.bin"}) {
    const auto path = fuzz::file_of(fuzz::text_of(data, size), name);
    for (const TokenSplit split : {TokenSplit::kTrain, TokenSplit::kHeldOut}) {
      fuzz::taken_or_refused([&] {
        if (const auto file = open_tokens(path, split)) read_all(*file);
      });
    }
  }
  return 0;
}
