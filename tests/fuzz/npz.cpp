#include "io/npz.h"

#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace uvic;
  const auto path = fuzz::file_of(fuzz::text_of(data, size), "x.npz");
  return fuzz::taken_or_refused([&] {
    const NpzFile file(path);
    for (const auto& entry : file.index()) {
      const std::string& key = entry.first;
      fuzz::taken_or_refused([&] { file.load(key); });
      fuzz::taken_or_refused([&] {
        auto rows = file.rows(key);
        if (!rows.header().shape.empty() && rows.header().shape[0] > 0) rows.next(1);
      });
    }
  });
}
