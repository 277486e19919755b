// The bytes of a ZIP archive of stored entries, front to back, with ZIP64 where it is needed (PKWARE APPNOTE
// 6.3, sections 4.3 and 4.5.3).
//
// Own code because libzip writes an archive only as a whole, when it is closed: it can neither stream one in
// constant memory nor go on with the half that a killed process left. Reading is libzip's (zip_reader.h).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace uvic {

/// From which sizes or offsets, and from how many entries on, the ZIP64 fields are used. The format's own
/// limits, but for tests.
struct Zip64Limits {
  uint64_t bytes = 0xFFFFFFFF, entries = 0xFFFF;
};

/// Makes headers; the caller puts them and the entries' data into a file, one after another. Equal entries
/// give equal bytes: the date is always 1 January 1980, the first that ZIP knows.
class ZipWriter {
 public:
  /// `alignment`: entries' data begin at its multiples, by a padding field "FB" in front of them, as
  /// torch.save has it; 1: no padding.
  explicit ZipWriter(Zip64Limits limits = {}, uint64_t alignment = 1)
      : limits_(limits), alignment_(alignment) {}

  /// The local header of the next entry; `size` bytes of data with this CRC-32 must follow it.
  std::string begin(const std::string& name, uint64_t size, uint32_t crc);
  /// The central directory and what ends the archive, behind the last entry's data.
  std::string finish() const;

 private:
  struct Entry {
    std::string name;
    uint64_t size, offset;
    uint32_t crc;
  };
  std::string local_header(const Entry& entry) const;
  std::string central_header(const Entry& entry) const;

  Zip64Limits limits_;
  uint64_t alignment_;
  uint64_t offset_ = 0;  // where the next entry begins
  std::vector<Entry> entries_;
};

}  // namespace uvic
