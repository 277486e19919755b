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

struct NamedFile {
  std::string file, where;  ///< where: of the entry
};

struct FileMatch {
  std::vector<NamedFile> absent;     ///< entries without an image
  std::vector<std::string> without;  ///< images without an entry
};

template <class Said>
FileMatch match_files(const FileEntries<Said>& entries, const ImageListing& listing) {
  FileMatch match;
  std::map<std::string, bool> there;  // whether an entry is of it
  for (const std::string& file : listing.files) there.emplace(listed_name(file), false);
  for (const auto& [file, entry] : entries) {
    const auto found = there.find(file);
    if (found != there.end()) {
      found->second = true;
    } else {
      match.absent.push_back({file, entry.where});
    }
  }
  for (const std::string& file : listing.files) {
    if (!there.at(listed_name(file))) match.without.push_back(file);
  }
  return match;
}

/// UsageError if entries of `from` have no image (and which is likely meant), or images no entry. `what`:
/// kLabel or kCaption. `hint`: a last clause.
void check_match(const FileMatch& match, const std::string& what, const FileSource& source,
                 const std::string& from, const ImageListing& listing, const std::string& hint = "");

}  // namespace uvic
