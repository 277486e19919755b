#include "sampling/dump/whole.h"

#include <algorithm>

#include "core/errors.h"
#include "core/log.h"
#include "sampling/dump/manifest.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

std::optional<DumpManifest> own_manifest(const fs::path& path) {
  try {
    return find_manifest(path);
  } catch (const UsageError&) {  // a manifest.json of something else
    return std::nullopt;
  }
}

}  // namespace

void check_scorable(const fs::path& path) {
  const auto manifest = own_manifest(path);
  if (!manifest) return;
  const std::string bad = not_finite_text(*manifest);
  check_usage(bad.empty(), path.string(), ": is not whole: ", bad,
              "; a score of the other images would say nothing about these weights");
  if (!is_folder(manifest->format)) {
    check_usage(fs::exists(path), path.string(), ": is not finished; run the same dump again first");
    return;
  }
  const auto& seeds = manifest->seeds;
  const auto missing = std::count_if(seeds.begin(), seeds.end(), [&](int64_t seed) {
    return !fs::exists(path / image_path(manifest->format, seed));
  });
  if (missing > 0)
    log_warning(path.string(), ": is not whole: ", missing, " of its ", seeds.size(),
                missing == 1 ? " images is" : " images are", " missing; the same dump command makes them");
}

}  // namespace uvic
