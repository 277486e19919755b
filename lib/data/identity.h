// What a data set is, so that a resumed run can tell whether it goes on with the same.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/options.h"

namespace uvic {

/// Among the parts: the hash of the captions, which `sha256` leaves out.
inline constexpr auto kCaptionsPart = "captions";

/// Where the data lie does not matter: a data set that was moved is the same.
struct DataIdentity {
  int64_t images = 0;
  ImageShape shape{};                    ///< {C, H, W} as the network takes them
  int64_t num_classes = 0;               ///< 0: no labels
  std::vector<std::string> class_names;  ///< by their numbers; empty if classes are numbers already
  /// Over what the images are: of a folder the name, size and label of each file; of a set in memory labels
  /// and pixels; of a share of a set the whole and which images they are.
  std::string sha256;
  std::vector<int64_t> class_counts =
      {};  ///< images of each class; empty in older records, and without labels
  /// Hashes of parts of it, to say what has changed: "labels"; of files their "names", too; kCaptionsPart.
  std::map<std::string, std::string> parts = {};

  bool operator==(const DataIdentity&) const = default;
};

/// One line of JSON; `held_out`: what the held-out images are, in the same line.
std::string to_json(const DataIdentity& identity, const std::optional<DataIdentity>& held_out = std::nullopt);
/// UsageError, `name` first, for what to_json has not written.
DataIdentity identity_from_json(const std::string& json, const std::string& name);
/// nullopt if none were held out, or if that is not recorded.
std::optional<DataIdentity> held_out_from_json(const std::string& json, const std::string& name);

/// A clause for each thing that is not the same: "60000 images then, 59990 now", "class 3 was 'cats', now
/// 'dogs'", "class 'x' is new", "class 'x' had 9 images, now 8", "the same counts and classes, but other file
/// names". Empty if the data are the same.
std::vector<std::string> differences(const DataIdentity& then, const DataIdentity& now);

}  // namespace uvic
