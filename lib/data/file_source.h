// Files by their names, wherever their bytes are: below a folder, in a ZIP, in tars. Nothing is ever unpacked
// to the disk, so that an archive's names are names alone.
#pragma once
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "io/read_file.h"

namespace uvic {

/// Reading is thread-safe.
class FileSource {
 public:
  struct Stamp {
    int64_t bytes = 0,
            modified = 0;  ///< of the file; when it, or its archive, was last written, in nanoseconds
  };

  virtual ~FileSource() = default;
  /// The folder or the archive, as the user gave it.
  const std::string& name() const { return name_; }
  /// "folder", "ZIP", "tar".
  virtual const char* kind() const = 0;
  /// With '/', sorted bytewise; without what systems put beside people's files (is_of_the_system).
  const std::vector<std::string>& files() const { return files_; }
  /// The first sub-directories, with files below them or without.
  const std::vector<std::string>& folders() const { return folders_; }
  /// Files and folders that systems put beside people's.
  int64_t hidden() const { return hidden_; }
  bool holds(const std::string& file) const;
  /// For messages: "photos/a.png", "set.zip: a.png".
  virtual std::string full_name(const std::string& file) const { return name_ + ": " + file; }
  /// Zeros for what is not there.
  virtual Stamp stamp(const std::string& file) const = 0;
  /// Up to `most` bytes of its beginning. UsageError, its full name first: UnreadableFile if it is the system
  /// that fails.
  virtual FileBytes read(const std::string& file,
                         int64_t most = std::numeric_limits<int64_t>::max()) const = 0;
  /// Its last bytes, `most` or all there are; of a file that reading checks against a checksum, so that none
  /// ends early unnoticed, nothing.
  virtual std::vector<uint8_t> read_last(const std::string& file, int64_t most) const = 0;
  /// All of it as text. UsageError also for a Git LFS pointer.
  std::string text(const std::string& file) const;
  /// Whether the files lie in an archive, not on the disk as files of their own.
  virtual bool is_archive() const { return true; }
  /// Where a file lies on the disk as one of its own; empty in an archive.
  virtual std::filesystem::path path_of(const std::string& /*file*/) const { return {}; }

 protected:
  explicit FileSource(std::string name) : name_(std::move(name)) {}
  /// The place of `file` among files(); the number of files if it is not there.
  size_t place_of(const std::string& file) const;

  std::string name_;
  std::vector<std::string> files_, folders_;
  int64_t hidden_ = 0;
};

/// `root` and all below it; links are followed. UsageError: no such folder, or one that cannot be listed.
std::shared_ptr<const FileSource> open_folder_source(const std::filesystem::path& root);

/// A ZIP archive. UsageError: none, an entry that is there twice or says that it is larger than the file can
/// hold.
std::shared_ptr<const FileSource> open_zip_source(const std::filesystem::path& path);

/// A tar, a folder of them or a pattern of shards (shard_paths): of several the names begin with that of the
/// shard, "0007.tar/a.jpg". UsageError as index_tar, or for an entry that is there twice.
std::shared_ptr<const FileSource> open_tar_source(const std::string& path);

/// "set-{000..012}.tar" and "{a,b}.tar" spelled out, the tars of a folder in natural order, or the one file.
/// UsageError: a folder without tars, a shard of a pattern that is not there, a range that runs backwards.
std::vector<std::string> shard_paths(const std::string& path);

}  // namespace uvic
