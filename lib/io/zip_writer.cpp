#include "io/zip_writer.h"

#include <c10/util/Exception.h>

namespace uvic {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50, kCentralHeader = 0x02014b50, kEnd = 0x06054b50,
                   kEnd64 = 0x06064b50, kEnd64Locator = 0x07064b50;
constexpr uint16_t kVersion = 20, kVersion64 = 45, kMadeByUnix = 3 << 8, kStored = 0, kMidnight = 0,
                   kFirstDay = 1 << 5 | 1;  // month 1, day 1, year 1980 + 0
constexpr uint16_t kZip64Extra = 1, kPaddingExtra = 0x4246;
constexpr uint64_t kLocalHeaderBytes = 30;
constexpr uint32_t kSeeZip64 = 0xFFFFFFFF, kRegularFile = 0100644;

/// Little-endian fields, one after another.
class Fields {
 public:
  Fields& u16(uint16_t value) { return append(value, 2); }
  Fields& u32(uint32_t value) { return append(value, 4); }
  Fields& u64(uint64_t value) { return append(value, 8); }
  Fields& text(const std::string& text) {
    bytes_ += text;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  Fields& append(uint64_t value, int count) {
    for (int i = 0; i < count; ++i) bytes_ += static_cast<char>(value >> 8 * i);
    return *this;
  }
  std::string bytes_;
};

/// The extra field of 64-bit values; none if there are no values.
std::string zip64_extra(const std::vector<uint64_t>& values) {
  if (values.empty()) return {};
  Fields extra;
  extra.u16(kZip64Extra).u16(static_cast<uint16_t>(8 * values.size()));
  for (const uint64_t value : values) extra.u64(value);
  return extra.bytes();
}

}  // namespace

std::string ZipWriter::local_header(const Entry& entry) const {
  const bool large = entry.size >= limits_.bytes;
  const auto size = large ? kSeeZip64 : static_cast<uint32_t>(entry.size);
  std::string extra =
      zip64_extra(large ? std::vector{entry.size, entry.size} : std::vector<uint64_t>{});
  if (alignment_ > 1) {
    const uint64_t data = entry.offset + kLocalHeaderBytes + entry.name.size() + extra.size() + 4;
    const uint64_t padding = (alignment_ - data % alignment_) % alignment_;
    extra += Fields().u16(kPaddingExtra).u16(static_cast<uint16_t>(padding)).bytes();
    extra.append(padding, '\0');
  }
  Fields header;
  header.u32(kLocalHeader).u16(large ? kVersion64 : kVersion).u16(0).u16(kStored);
  header.u16(kMidnight).u16(kFirstDay).u32(entry.crc).u32(size).u32(size);
  header.u16(static_cast<uint16_t>(entry.name.size())).u16(static_cast<uint16_t>(extra.size()));
  return header.text(entry.name).text(extra).bytes();
}

std::string ZipWriter::central_header(const Entry& entry) const {
  const bool large = entry.size >= limits_.bytes, far = entry.offset >= limits_.bytes;
  const auto size = large ? kSeeZip64 : static_cast<uint32_t>(entry.size);
  std::vector<uint64_t> values;
  if (large) values = {entry.size, entry.size};
  if (far) values.push_back(entry.offset);
  const std::string extra = zip64_extra(values);
  const uint16_t version = large || far ? kVersion64 : kVersion;
  Fields header;
  header.u32(kCentralHeader).u16(kMadeByUnix | version).u16(version).u16(0).u16(kStored);
  header.u16(kMidnight).u16(kFirstDay).u32(entry.crc).u32(size).u32(size);
  header.u16(static_cast<uint16_t>(entry.name.size())).u16(static_cast<uint16_t>(extra.size()));
  header.u16(0).u16(0).u16(0).u32(kRegularFile << 16);  // no comment, disk 0, attributes
  header.u32(far ? kSeeZip64 : static_cast<uint32_t>(entry.offset));
  return header.text(entry.name).text(extra).bytes();
}

std::string ZipWriter::begin(const std::string& name, uint64_t size, uint32_t crc) {
  TORCH_CHECK(!name.empty() && name.size() < 0x8000, "a ZIP entry's name has 1 to 32767 bytes: '", name, "'");
  entries_.push_back({name, size, offset_, crc});
  std::string header = local_header(entries_.back());
  offset_ += header.size() + size;
  return header;
}

std::string ZipWriter::finish() const {
  Fields end;
  for (const Entry& entry : entries_) end.text(central_header(entry));
  const uint64_t count = entries_.size(), size = end.bytes().size();
  const bool many = count >= limits_.entries, large = size >= limits_.bytes, far = offset_ >= limits_.bytes;
  if (many || large || far) {
    end.u32(kEnd64).u64(44).u16(kMadeByUnix | kVersion64).u16(kVersion64).u32(0).u32(0);
    end.u64(count).u64(count).u64(size).u64(offset_);
    end.u32(kEnd64Locator).u32(0).u64(offset_ + size).u32(1);
  }
  const auto short_count = many ? uint16_t{0xFFFF} : static_cast<uint16_t>(count);
  end.u32(kEnd).u16(0).u16(0).u16(short_count).u16(short_count);
  end.u32(large ? kSeeZip64 : static_cast<uint32_t>(size));
  end.u32(far ? kSeeZip64 : static_cast<uint32_t>(offset_)).u16(0);
  return end.bytes();
}

}  // namespace uvic
