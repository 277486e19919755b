// Vocabularies of byte-pair encoding, GPT-2's and CLIP's: vocab.json, merges.txt and the two files that name
// CLIP's special tokens; and OpenAI's one file, without the gzip around it.
#include "fuzz/fuzz.h"
#include "text/bpe_files.h"
#include "text/bpe_tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace uvic;
  const auto parts = fuzz::parts_of(fuzz::text_of(data, size), 4);
  const auto vocabulary = fuzz::file_of(parts[0], "vocab.json");
  fuzz::file_of(parts[1], "merges.txt");
  std::filesystem::remove(fuzz::folder() / "tokenizer_config.json");
  std::filesystem::remove(fuzz::folder() / "special_tokens_map.json");
  if (!parts[2].empty()) fuzz::file_of(parts[2], "tokenizer_config.json");
  if (!parts[3].empty()) fuzz::file_of(parts[3], "special_tokens_map.json");
  return fuzz::taken_or_refused([&] {
    const auto tokenizer = open_bpe(vocabulary);
    const auto tokens = tokenizer->encode("It's 1 café, <|endoftext|> aab!");
    tokenizer->decode(tokens);
    for (int64_t token = 0; token < std::min<int64_t>(tokenizer->vocab_size(), 1000); ++token)
      tokenizer->piece(token);
  });
}
