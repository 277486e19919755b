// What a dump is made of: manifest.json.
#pragma once
#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sampling/dump/formats.h"
#include "sampling/record.h"

namespace uvic {

struct DumpManifest {
  DumpFormat format = DumpFormat::kPng;
  std::string version;              ///< of the program that made the images
  RecordInputs making;              ///< `labels` is a policy of choose_labels; `seeds` and `layout` are empty
  int64_t classes = 0;              ///< real classes, 0: unconditional
  std::array<int64_t, 3> image{};   ///< C, H, W
  std::vector<int64_t> seeds;       ///< ascending, none twice
  std::vector<int64_t> shard_of{};  ///< all seeds of the dump that this is a shard of; empty: it is whole
  std::vector<int64_t> not_finite{};  ///< those of `seeds` whose images hold NaN or infinity: not stored
};

/// Human-readable JSON, a key a line. Equal manifests give equal bytes.
std::string to_json(const DumpManifest& manifest);
/// UsageError with `name` and the key for what is missing or wrong.
DumpManifest manifest_from_json(const std::string& json, const std::string& name);

/// The manifest of a dump at `out`, whatever its format; nullopt if there is none.
std::optional<DumpManifest> find_manifest(const std::filesystem::path& out);
/// "seeds 5,17 give values that are not finite (NaN or infinity)", or empty.
std::string not_finite_text(const DumpManifest& manifest);
void save_manifest(const std::filesystem::path& out, const DumpManifest& manifest);

/// A setting in which two manifests differ, and its two values.
struct Difference {
  std::string key, a, b;
};
struct Differences {
  std::vector<Difference> settings;  ///< they make other images
  std::vector<Difference>
      machine;  ///< path of the weights, batch size, threads, device: at most the last bits
};
/// Compares everything but the format and the seeds.
Differences compare(const DumpManifest& a, const DumpManifest& b);

/// A manifest with the label of each image.
struct DumpPlan {
  explicit DumpPlan(DumpManifest manifest);
  /// The `parameters` record of image `index`.
  std::string record(size_t index) const;

  DumpManifest manifest;
  std::vector<int64_t> labels;  ///< one a seed; empty for an unconditional model
};

}  // namespace uvic
