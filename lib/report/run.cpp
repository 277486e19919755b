#include "report/run.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "core/log.h"
#include "core/parse.h"
#include "io/file_handle.h"
#include "io/input_file.h"
#include "io/png.h"
#include "io/safetensors.h"
#include "io/safetensors_header.h"
#include "recipe/layout.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

std::string recorded(const std::map<std::string, std::string>& metadata, const std::string& key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? "" : found->second;
}

void read_samples(RunFacts& run) {
  const fs::path folder = run.path / "samples";
  if (!fs::is_directory(folder)) return;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path& file = entry.path();
    const int64_t step = checkpoint_step(file.stem().string());
    if (step < 0) continue;
    if (file.extension() == ".txt") run.texts.push_back({step, file});
    if (file.extension() == ".png" && inspect_png(file)) run.grids.push_back({step, file});
  }
  for (auto* files : {&run.grids, &run.texts})
    std::sort(files->begin(), files->end(), [](auto& a, auto& b) { return a.step < b.step; });
}

void read_data(RunFacts& run, const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return;
  const auto said = [&](const char* key) {
    return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : "";
  };
  if (json.contains("tokens")) {
    run.tokens = said("tokens");
    run.held_out_tokens = said("held_out");
    return;
  }
  run.data = identity_from_json(text, run.checkpoint.string());
  run.held_out = held_out_from_json(text, run.checkpoint.string());
}

void read_checkpoint(RunFacts& run, const fs::path& checkpoint) {
  for (const auto& entry : fs::directory_iterator(checkpoint))
    run.checkpoint_bytes += double(entry.file_size());
  InputFile model(part_of(checkpoint, "model"));
  const SafetensorsHeader header = read_safetensors_header(model);
  run.record = load_safetensors_metadata(part_of(checkpoint, "training"));
  run.checkpoint = checkpoint;
  run.checkpoint_step = checkpoint_step(checkpoint.filename().string());
  for (const auto& entry : header.entries) {
    int64_t size = 1;
    for (const int64_t length : entry.shape) size *= length;
    run.parameters += size;
  }
  run.classes = class_names_of(header.metadata, model.name());
  read_data(run, recorded(run.record, "uvic.data"));
}

}  // namespace

std::string RunFacts::name() const {
  const fs::path whole = fs::absolute(path).lexically_normal();
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

int64_t RunFacts::steps() const {
  int64_t steps = 0;
  return parse_value(setting(settings, "train.steps"), steps) ? steps : 0;
}

RunFacts read_run(const fs::path& path) {
  check_usage(fs::is_directory(path), path.string(), ": there is no such folder");
  check_usage(fs::is_regular_file(path / "config.yaml"), path.string(),
              ": holds no config.yaml, so it is not a run directory (what uvic-train --out wrote)");
  RunFacts run{.path = path};
  run.settings = read_settings(path / "config.yaml");
  run.metrics = read_metrics(path);
  read_samples(run);
  // A run that goes on removes old checkpoints: one that is listed may be gone.
  for (const fs::path& checkpoint : checkpoints_of(path)) {
    try {
      read_checkpoint(run, checkpoint);
      break;
    } catch (const std::runtime_error& error) {
      log_warning(checkpoint.string(), ": passed over: ", error.what());
      run.checkpoint_bytes = 0;
    }
  }
  return run;
}

}  // namespace uvic
