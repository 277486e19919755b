// A pack as a file.
#pragma once
#include <atomic>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/pack/contents.h"
#include "data/pack/format.h"
#include "io/mapped_file.h"

namespace uvic {

/// Thread-safe.
class PackFile {
 public:
  /// Checks the head, the contents and the index, and reads no record. UsageError, naming the file: not a
  /// pack, one of another format, cut short, damaged.
  explicit PackFile(const std::filesystem::path& path);

  const std::string& name() const { return file_.name(); }
  const PackContents& contents() const { return contents_; }
  int64_t size() const { return int64_t(entries_.size()); }
  int64_t file_bytes() const { return int64_t(file_.bytes().size()); }
  const PackEntry& entry(int64_t image) const;
  /// As it was called in the set that was packed; may be empty.
  std::string_view name_of(int64_t image) const;
  /// The part of the record that is the image, or that of its captions. The first time the checksum is
  /// compared: UsageError "train.pack: image 17 ('a/b.png') is damaged: ...".
  std::string_view image(int64_t image) const;
  std::string_view captions(int64_t image) const;
  /// Those of the empty caption, if states are kept.
  std::string_view null_states() const { return null_states_; }
  /// SHA-256 of the contents and the index, with the checksums of all records.
  std::string sha256() const;

 private:
  void open();
  void check_entries() const;
  std::string_view part(uint64_t begin, uint64_t bytes) const { return file_.bytes().substr(begin, bytes); }
  void check(int64_t image, std::string_view bytes, uint32_t checksum, uint8_t flag) const;

  MappedFile file_;
  PackHead head_{};
  PackContents contents_;
  std::span<const PackEntry> entries_;
  std::string_view null_states_, names_;
  mutable std::vector<std::atomic<uint8_t>> checked_;  // an image's kImage and kCaptions
};

}  // namespace uvic
