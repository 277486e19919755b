// A file that says something of each image, against the images that are there.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "data/listing.h"

namespace uvic {

inline constexpr auto kLabel = "label", kCaption = "caption";

/// What is said, and where: "labels.csv:3", for messages.
template <class Said>
struct FileEntry {
  Said said;
  std::string where;
};
/// By listed_name.
template <class Said>
using FileEntries = std::map<std::string, FileEntry<Said>>;

/// Captions by the names of their images, which may have several.
using CaptionEntries = FileEntries<std::vector<std::string>>;

/// A file's name as a listing has it, in Unicode's normal form C: "a/b.png" for "./a\b.png".
std::string listed_name(std::string file);

/// The first file that is named but not there, where, and how many more there are.
struct AbsentFile {
  std::string file, where;
  int64_t more = 0;
};

/// UsageError, as `listing` has not what is named as an image; says which is likely meant. `what`: kLabel.
/// `hint`: a last clause.
[[noreturn]] void refuse_absent(const AbsentFile& absent, const std::string& what, const FileSource& source,
                                const ImageListing& listing, const std::string& hint);

/// The same checked of all: every entry has its image, and every image its entry. `from`: the file with the
/// entries, for messages.
template <class Said>
void check_files(const FileEntries<Said>& entries, const std::string& what, const FileSource& source,
                 const std::string& from, const ImageListing& listing, const std::string& hint = "");

/// UsageError if any of the images lacks an entry.
void refuse_without(const std::vector<std::string>& images, const std::string& what, const std::string& from,
                    const std::string& hint);

template <class Said>
void check_files(const FileEntries<Said>& entries, const std::string& what, const FileSource& source,
                 const std::string& from, const ImageListing& listing, const std::string& hint) {
  std::map<std::string, bool> there;  // whether an entry is of it
  for (const std::string& file : listing.files) there.emplace(listed_name(file), false);
  AbsentFile absent{.file = {}, .where = {}, .more = -1};
  for (const auto& [file, entry] : entries) {
    const auto found = there.find(file);
    if (found != there.end()) {
      found->second = true;
    } else if (absent.more++ < 0) {
      absent.file = file;
      absent.where = entry.where;
    }
  }
  if (absent.more >= 0) refuse_absent(absent, what, source, listing, hint);
  std::vector<std::string> without;
  for (const std::string& file : listing.files) {
    if (!there.at(listed_name(file))) without.push_back(file);
  }
  refuse_without(without, what, from, hint);
}

}  // namespace uvic
