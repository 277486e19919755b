// The pickle inside a file of torch.save, without the archive around it, whose checksums would stop most
// changes.
#include "io/pickle.h"

#include <cstring>

#include "fuzz/fuzz.h"
#include "io/pth.h"

namespace uvic {
namespace {

constexpr int64_t kStorageBytes = 64;

/// Has two storages of 64 bytes.
class TwoStorages : public StorageSource {
 public:
  std::string place(std::string_view key) const override { return c10::str("data/", key); }
  std::optional<int64_t> size(std::string_view key) const override {
    return key == "0" || key == "1" ? std::optional(kStorageBytes) : std::nullopt;
  }
  void read(std::string_view /*key*/, void* data, int64_t bytes) override {
    TORCH_CHECK(0 <= bytes && bytes <= kStorageBytes, bytes, " bytes of a storage of ", kStorageBytes);
    std::memset(data, 1, size_t(bytes));
  }
};

}  // namespace
}  // namespace uvic

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace uvic;
  return fuzz::taken_or_refused([&] {
    PthContents contents{.file = "x.pth",
                         .text = std::make_unique<std::string>(fuzz::text_of(data, size)),
                         .storages = std::make_unique<TwoStorages>()};
    contents.pickle = std::make_unique<Pickle>(*contents.text, contents.file);
    const auto reader = read_tensors_of(std::move(contents));
    for (size_t i = 0; i < reader->tensors().size(); ++i) fuzz::taken_or_refused([&] { reader->read(i); });
  });
}
