#include "fid_inputs.h"

#include <algorithm>
#include <array>

#include "core/errors.h"
#include "data/listing.h"
#include "recipe/layout.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

constexpr std::array kWeightEndings = {"safetensors", "pth", "pt", "ckpt", "bin"};
constexpr std::array kRunParts = {"checkpoints", "snapshots", "samples"};

bool is_run(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path / "config.yaml", ignored) &&
         (fs::exists(path / "metrics.jsonl", ignored) || fs::is_directory(path / "checkpoints", ignored));
}

std::string dump_first(const fs::path& checkpoint) {
  return "make images of it first: uvic-fid dump --checkpoint " + checkpoint.string() + " --num N --out DUMP";
}

void refuse_folder(const fs::path& path) {
  fs::path folder = fs::absolute(path).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();  // "runs/x/"
  const std::string name = folder.filename().string();
  check_usage(!is_run(folder), path.string(), ": a run directory, whose pictures are preview grids; ",
              dump_first(path));
  const bool part = std::find(kRunParts.begin(), kRunParts.end(), name) != kRunParts.end();
  check_usage(!part || !is_run(folder.parent_path()), path.string(), ": the ", name, " of a run, no images; ",
              dump_first(folder.parent_path()));
  std::error_code ignored;
  check_usage(checkpoint_step(name) < 0 || !fs::exists(part_of(folder, "training"), ignored), path.string(),
              ": a checkpoint, no images; ", dump_first(path));
}

}  // namespace

void check_holds_images(const fs::path& path) {
  std::error_code ignored;
  check_usage(fs::exists(path, ignored), path.string(), ": no such file or folder");
  if (fs::is_directory(path, ignored)) return refuse_folder(path);
  const std::string ending = ending_of(path);
  check_usage(std::find(kWeightEndings.begin(), kWeightEndings.end(), ending) == kWeightEndings.end(),
              path.string(), ": a file of weights, no images; ", dump_first(path));
}

}  // namespace uvic
