#include "data/pack/file.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "core/errors.h"
#include "io/content_kind.h"
#include "io/digests.h"

namespace uvic {
namespace {

constexpr uint8_t kImage = 1, kCaptions = 2;
constexpr size_t kChecksumEnd = offsetof(PackHead, checksum) + sizeof(PackHead::checksum);

std::string hex(uint32_t number) {
  char text[12];
  std::snprintf(text, sizeof text, "%08x", number);
  return text;
}

}  // namespace

PackFile::PackFile(const std::filesystem::path& path) : file_(path) {
  const std::string_view bytes = file_.bytes(), start = bytes.substr(0, kContentBytes);
  check_usage(!bytes.empty(), name(), ": is empty");
  refuse_lfs_pointer(start, name());
  if (!bytes.starts_with(kPackMagic.substr(0, bytes.size())))
    refuse_content(start, int64_t(bytes.size()), name(), "a pack of uvic-data");
  check_usage(bytes.size() >= sizeof head_, name(), ": the pack is cut short: it has ", bytes.size(),
              " bytes");
  std::memcpy(&head_, bytes.data(), sizeof head_);
  check_usage(head_.format == kPackFormat, name(), ": is a pack of format ", head_.format,
              "; this program reads format ", kPackFormat, ": make it anew with uvic-data pack");
  check_usage(crc32_of(bytes.substr(kChecksumEnd, sizeof head_ - kChecksumEnd)) == head_.checksum, name(),
              ": the pack is damaged: the checksum of its head is wrong");
  check_usage(head_.file_bytes <= bytes.size(), name(), ": the pack is cut short: it has ", bytes.size(),
              " bytes of ", head_.file_bytes);
  check_usage(head_.file_bytes == bytes.size(), name(), ": has ", bytes.size() - head_.file_bytes,
              " bytes behind the pack");
  open();
  checked_ = std::vector<std::atomic<uint8_t>>(entries_.size());
}

void PackFile::open() {
  const uint64_t all = head_.file_bytes, records = all - sizeof head_;
  check_usage(head_.contents_bytes <= records && head_.contents_bytes % 8 == 0 &&
                  head_.json_bytes <= head_.contents_bytes && head_.json_bytes % 8 == 0 &&
                  head_.index_begin <= all && head_.index_begin % 8 == 0 &&
                  head_.index_begin >= sizeof head_ + head_.contents_bytes && head_.images > 0 &&
                  head_.images <= (all - head_.index_begin) / sizeof(PackEntry),
              name(), ": the pack is damaged: its parts do not fit the file");
  const std::string_view contents = part(sizeof head_, head_.contents_bytes);
  check_usage(crc32_of(contents) == head_.contents_checksum, name(),
              ": the pack is damaged: the checksum of its header is wrong");
  contents_ = pack_contents_from_json(std::string(contents.substr(0, head_.json_bytes)), name());
  null_states_ = contents.substr(head_.json_bytes);
  check_usage(int64_t(null_states_.size()) == int64_t(pack_aligned(uint64_t(contents_.states_bytes()))),
              name(), ": the pack is damaged: its header does not fit what it says");
  const std::string_view index = part(head_.index_begin, all - head_.index_begin);
  check_usage(crc32_of(index) == head_.index_checksum, name(),
              ": the pack is damaged: the checksum of its index is wrong");
  entries_ = {reinterpret_cast<const PackEntry*>(index.data()), size_t(head_.images)};
  names_ = index.substr(entries_.size_bytes());
  check_entries();
}

// An index under its checksum is as it was written; this keeps one that was made up from reading elsewhere.
void PackFile::check_entries() const {
  uint64_t begin = sizeof head_ + head_.contents_bytes;
  uint32_t name_begin = 0;
  const uint64_t fixed = sizeof(PackRecordHead) + uint64_t(contents_.image_bytes());
  for (const PackEntry& entry : entries_) {
    const bool labelled = entry.label >= 0 && entry.label < std::max<int64_t>(contents_.num_classes, 1);
    const uint64_t least = uint64_t(entry.captions) * uint64_t(contents_.caption_bytes());
    check_usage(entry.begin == begin && entry.caption_bytes % 8 == 0 && entry.caption_bytes >= least &&
                    entry.name_end >= name_begin && entry.name_end <= names_.size() && labelled &&
                    (entry.captions > 0) == contents_.captions,
                name(), ": the pack is damaged: its index does not fit its records");
    begin += fixed + entry.caption_bytes;
    name_begin = entry.name_end;
  }
  check_usage(begin == head_.index_begin, name(),
              ": the pack is damaged: its index does not fit its records");
}

const PackEntry& PackFile::entry(int64_t image) const {
  TORCH_CHECK(0 <= image && image < size(), "no image ", image, " of ", size());
  return entries_[size_t(image)];
}

std::string_view PackFile::name_of(int64_t image) const {
  const uint32_t begin = image == 0 ? 0 : entry(image - 1).name_end;
  return names_.substr(begin, entry(image).name_end - begin);
}

std::string_view PackFile::image(int64_t image) const {
  const PackEntry& at = entry(image);
  const std::string_view bytes = part(at.begin, sizeof(PackRecordHead) + uint64_t(contents_.image_bytes()));
  check(image, bytes, at.image_checksum, kImage);
  return bytes.substr(sizeof(PackRecordHead));
}

std::string_view PackFile::captions(int64_t image) const {
  const PackEntry& at = entry(image);
  const std::string_view bytes =
      part(at.begin + sizeof(PackRecordHead) + uint64_t(contents_.image_bytes()), at.caption_bytes);
  check(image, bytes, at.captions_checksum, kCaptions);
  return bytes;
}

void PackFile::check(int64_t image, std::string_view bytes, uint32_t checksum, uint8_t flag) const {
  auto& checked = checked_[size_t(image)];
  if ((checked.load(std::memory_order_relaxed) & flag) != 0) return;
  const uint32_t found = crc32_of(bytes);
  if (found != checksum) {
    const std::string_view called = name_of(image);
    usage_error(name(), ": ", flag == kImage ? "image " : "the captions of image ", image,
                called.empty() ? "" : c10::str(" ('", called, "')"), flag == kImage ? " is" : " are",
                " damaged: the checksum is ", hex(found), ", not ", hex(checksum));
  }
  checked.fetch_or(flag, std::memory_order_relaxed);
}

std::string PackFile::sha256() const {
  Sha256 hash;
  hash.add(part(sizeof head_, head_.contents_bytes));
  hash.add(part(head_.index_begin, head_.file_bytes - head_.index_begin));
  return hash.hex();
}

}  // namespace uvic
