// Packs of images. Every byte of them is under a checksum, so what was changed is read as it is and with
// checksums that fit.
#include <cstring>

#include "data/pack/dataset.h"
#include "data/pack/format.h"
#include "fuzz/fuzz.h"
#include "io/digests.h"

namespace uvic {
namespace {

/// As far as the parts lie in the file.
std::string with_checksums(std::string bytes) {
  PackHead head{};
  if (bytes.size() < sizeof head) return bytes;
  std::memcpy(&head, bytes.data(), sizeof head);
  head.file_bytes = bytes.size();
  const std::string_view all = bytes;
  const size_t index = std::min<size_t>(head.index_begin, bytes.size());
  const size_t records = std::min<size_t>(head.contents_bytes, bytes.size() - sizeof head) + sizeof head;
  for (size_t i = 0; i < head.images && index + (i + 1) * sizeof(PackEntry) <= bytes.size(); ++i) {
    PackEntry entry{};
    std::memcpy(&entry, bytes.data() + index + i * sizeof entry, sizeof entry);
    const size_t next = i + 1 < head.images ? entry.begin : index;
    const size_t captions = std::min<size_t>(entry.caption_bytes, next);
    if (i + 1 == head.images && entry.begin <= next - captions) {
      entry.image_checksum = crc32_of(all.substr(entry.begin, next - captions - entry.begin));
      entry.captions_checksum = crc32_of(all.substr(next - captions, captions));
      std::memcpy(bytes.data() + index + i * sizeof entry, &entry, sizeof entry);
    }
  }
  head.contents_checksum = crc32_of(all.substr(sizeof head, records - sizeof head));
  head.index_checksum = crc32_of(all.substr(index));
  std::memcpy(bytes.data(), &head, sizeof head);
  constexpr size_t kChecked = offsetof(PackHead, checksum) + sizeof head.checksum;
  head.checksum = crc32_of(all.substr(kChecked, sizeof head - kChecked));
  std::memcpy(bytes.data(), &head, sizeof head);
  return bytes;
}

void read_captions(const Captions& captions, int64_t image) {
  for (int64_t i = 0; i < captions.count(image); ++i) {
    captions.text(image, i);
    captions.ids(image, i);
    captions.states(image, i);
  }
}

void read_all(const Dataset& set) {
  set.describe();
  set.identity();
  if (set.captions() != nullptr) set.captions()->null_states();
  for (int64_t i = 0; i < set.size(); ++i) {
    fuzz::taken_or_refused([&] {
      if (set.latents()) {
        set.latents()->normalise(set.moments(i, set.keeps_mirrored()));
      } else {
        set.image(i).clone();
      }
    });
    TORCH_CHECK(set.label(i) < std::max<int64_t>(set.num_classes(), 1), "a label of no class");
    set.name(i);
    if (set.captions() != nullptr) fuzz::taken_or_refused([&] { read_captions(*set.captions(), i); });
  }
}

}  // namespace
}  // namespace uvic

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace uvic;
  const std::string given(fuzz::text_of(data, size));
  for (const std::string& bytes : {given, with_checksums(given)}) {
    const auto path = fuzz::file_of(bytes, "x.pack");
    fuzz::taken_or_refused([&] { read_all(*open_pack(path)); });
  }
  return 0;
}
