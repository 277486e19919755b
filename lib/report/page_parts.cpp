#include "report/page_parts.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <set>

#include "core/progress.h"
#include "core/text.h"
#include "io/base64.h"
#include "io/png.h"
#include "io/read_file.h"
#include "report/scale.h"

namespace uvic {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

// 1234567 -> "1,234,567".
std::string grouped(int64_t number) {
  std::string text = std::to_string(number);
  for (auto at = int64_t(text.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3) text.insert(size_t(at), ",");
  return text;
}

// What a noisy curve is at now.
double recent(const Curve& curve) {
  const auto trend = curve.trend();
  return trend.empty() ? curve.last()->value : trend.back().value;
}

const Curve* measured(const RunFacts& run, const std::string& name) {
  const Curve* curve = run.metrics.find(name);
  return curve != nullptr && curve->size() > 0 ? curve : nullptr;
}

std::string at_step(const Point& point) {
  return "at step " + grouped(point.step);
}

Json tile(const std::string& label, const std::string& value, const std::string& note = "") {
  return {{"label", label}, {"value", value}, {"note", note}};
}

// Of something that is better the less it is.
void add_score(Json& tiles, const RunFacts& run, const std::string& name, const std::string& label) {
  const Curve* curve = measured(run, name);
  if (curve == nullptr) return;
  const Point last = *curve->last(), least = *curve->least();
  tiles.push_back(
      tile(label, short_number(last.value),
           least == last ? "the least so far" : "least " + short_number(least.value) + " " + at_step(least)));
}

std::string speed_unit(const RunFacts& run) {
  return run.language() ? "tokens" : "images";
}

std::string time_of(const fs::path& file) {
  const auto age = fs::file_time_type::clock::now() - fs::last_write_time(file);
  const auto written =
      std::chrono::system_clock::now() - std::chrono::duration_cast<std::chrono::seconds>(age);
  const std::time_t seconds = std::chrono::system_clock::to_time_t(written);
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[40];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local);
  return text;
}

Json row(const std::string& key, const std::string& value) {
  return {{"key", key}, {"value", value}};
}

void add_record(Json& rows, const RunFacts& run, const std::string& key, const std::string& label) {
  const auto found = run.record.find(key);
  if (found != run.record.end()) rows.push_back(row(label, found->second));
}

std::string bytes_of(const fs::path& file) {
  const FileBytes read = read_file(file);
  return {read.bytes.begin(), read.bytes.end()};
}

Json frames_of(const std::vector<StepFile>& files, int64_t most, bool pictures) {
  Json frames = Json::array();
  for (const size_t i : spread(files.size(), size_t(most))) {
    const auto& [step, file] = files[i];
    Json frame = {{"step", step}, {"label", grouped(step)}, {"grid", pictures}};
    if (pictures) {
      const std::string bytes = bytes_of(file);
      const auto info = inspect_png_bytes(bytes);
      if (!info) continue;
      // Small pictures are shown larger by a whole factor.
      const int64_t factor = std::clamp<int64_t>(640 / std::max<int64_t>(info->width, 1), 1, 4);
      frame["width"] = std::to_string(info->width * factor);
      frame["height"] = std::to_string(info->height * factor);
      frame["source"] = base64(bytes);
    } else {
      frame["text"] = read_text(file);
    }
    frames.push_back(std::move(frame));
  }
  return frames;
}

// Of grids or of texts; nothing if there are none.
void add_strip(Json& strips, const std::vector<RunFacts>& runs, int64_t most, bool pictures) {
  std::set<int64_t> steps;
  Json columns = Json::array();
  for (size_t i = 0; i < runs.size(); ++i) {
    Json frames = frames_of(pictures ? runs[i].grids : runs[i].texts, most, pictures);
    for (const auto& frame : frames) steps.insert(frame["step"].get<int64_t>());
    if (!frames.empty())
      columns.push_back({{"name", runs[i].name()}, {"colour", "c" + std::to_string(i)}, {"frames", frames}});
  }
  if (columns.empty()) return;
  Json list = Json::array();
  for (const int64_t step : steps) list.push_back(step);
  strips.push_back({{"id", pictures ? "samples" : "texts"},
                    {"title", pictures ? "Samples" : "Texts"},
                    {"columns", columns},
                    {"steps", list.dump()},
                    {"last", std::to_string(steps.size() - 1)},
                    {"several", runs.size() > 1},
                    {"latest", grouped(*steps.rbegin())}});
}

}  // namespace

Json tiles_view(const RunFacts& run) {
  Json tiles = Json::array();
  const std::string unit = speed_unit(run);
  tiles.push_back(
      tile("Step", grouped(run.metrics.last_step), run.steps() > 0 ? "of " + grouped(run.steps()) : ""));
  if (const Curve* loss = measured(run, "loss"))
    tiles.push_back(tile("Loss", short_number(recent(*loss)),
                         loss->trend().empty() ? "of the last step" : "recent mean"));
  add_score(tiles, run, measured(run, "val_loss_ema") != nullptr ? "val_loss_ema" : "val_loss",
            "Validation loss");
  add_score(tiles, run,
            measured(run, "val_bits_per_byte_ema") != nullptr ? "val_bits_per_byte_ema" : "val_bits_per_byte",
            "Bits per byte");
  add_score(tiles, run, "fid", "FID");
  if (const Curve* seen = measured(run, unit)) {
    const double count = seen->last()->value;
    tiles.push_back(tile(unit == "images" ? "Images seen" : "Tokens seen", format_count(count)));
  }
  if (const Curve* speed = measured(run, unit + "_per_second"))
    tiles.push_back(tile("Speed", short_number(std::round(recent(*speed))), unit + " per second"));
  if (run.parameters > 0) tiles.push_back(tile("Parameters", format_count(double(run.parameters))));
  for (const auto& [name, what] :
       {std::pair("skipped_steps", "not finite"), {"skipped_images", "unreadable"}}) {
    const Curve* skipped = measured(run, name);
    if (skipped == nullptr || skipped->last()->value == 0) continue;
    tiles.push_back(tile(name == std::string("skipped_steps") ? "Skipped steps" : "Skipped images",
                         short_number(skipped->last()->value), what));
  }
  return tiles;
}

Json progress_view(const RunFacts& run) {
  const int64_t done = run.metrics.last_step, all = run.steps();
  std::string text = run.finished() ? "Finished" : "Under way or stopped";
  text += ", last measured " + time_of(run.path / "metrics.jsonl");
  const Curve* speed = measured(run, speed_unit(run) + "_per_second");
  const Curve* seen = measured(run, speed_unit(run));
  if (!run.finished() && speed != nullptr && seen != nullptr && done > 0 && all > done) {
    const double each = seen->last()->value / double(done) / recent(*speed);
    text += ", " + format_duration(double(all - done) * each) + " of training left at its speed";
  }
  if (run.metrics.unreadable > 0)
    text += "; " + count_of(uint64_t(run.metrics.unreadable), "line") + " of metrics.jsonl cannot be read";
  const double share = all > 0 ? std::min(1.0, double(done) / double(all)) : 1;
  return {{"text", text}, {"percent", std::to_string(int(100 * share))}};
}

Json samples_view(const std::vector<RunFacts>& runs, int64_t most) {
  Json strips = Json::array();
  for (const bool pictures : {true, false}) add_strip(strips, runs, most, pictures);
  return strips;
}

Json settings_view(const RunFacts& run) {
  Json changed = Json::array(), sections = Json::array();
  for (const Setting& setting : run.settings) {
    const Json view = {{"key", setting.key},
                       {"value", setting.value},
                       {"standard", setting.known ? setting.standard : "not a key of this version"},
                       {"help", setting.help},
                       {"differs", setting.differs()}};
    if (setting.differs()) changed.push_back(view);
    if (sections.empty() || sections.back()["name"] != setting.section())
      sections.push_back({{"name", setting.section()}, {"settings", Json::array()}});
    sections.back()["settings"].push_back(view);
  }
  return {{"changed", changed}, {"sections", sections}};
}

Json machine_view(const RunFacts& run) {
  Json rows = Json::array();
  add_record(rows, run, "uvic.machine", "Machine");
  add_record(rows, run, "uvic.device", "Device");
  add_record(rows, run, "uvic.threads", "Threads");
  add_record(rows, run, "uvic.cpu_capability", "CPU capability");
  add_record(rows, run, "uvic.precision", "Precision");
  add_record(rows, run, "uvic.version", "U-ViC");
  if (!run.checkpoint.empty())
    rows.push_back(
        row("Checkpoint", run.checkpoint.filename().string() + ", " + format_bytes(run.checkpoint_bytes)));
  return rows;
}

Json data_view(const RunFacts& run) {
  Json rows = Json::array();
  const std::string path = setting(run.settings, "data.path"), kind = setting(run.settings, "data.kind");
  rows.push_back(row("Path", path + (kind.empty() ? "" : " (" + kind + ")")));
  if (!run.tokens.empty()) rows.push_back(row("Training", run.tokens));
  if (!run.held_out_tokens.empty()) rows.push_back(row("Held out", run.held_out_tokens));
  if (run.data) {
    const auto& [C, H, W] = run.data->shape;
    rows.push_back(row("Images", grouped(run.data->images) + " of " + std::to_string(C) + " × " +
                                     std::to_string(H) + " × " + std::to_string(W)));
    if (run.data->num_classes > 0) rows.push_back(row("Classes", grouped(run.data->num_classes)));
    rows.push_back(row("SHA-256", run.data->sha256));
  }
  if (run.held_out) rows.push_back(row("Held out", count_of(uint64_t(run.held_out->images), "image")));
  return rows;
}

Json classes_view(const RunFacts& run) {
  Json classes = Json::array();
  if (!run.data) return classes;
  const auto& counts = run.data->class_counts;
  const int64_t most =
      counts.empty() ? 1 : std::max<int64_t>(*std::max_element(counts.begin(), counts.end()), 1);
  for (size_t i = 0; i < size_t(run.data->num_classes); ++i) {
    const std::string name = i < run.data->class_names.size() ? run.data->class_names[i] : "";
    const int64_t count = i < counts.size() ? counts[i] : 0;
    classes.push_back({{"number", std::to_string(i)},
                       {"name", name},
                       {"count", i < counts.size() ? grouped(count) : ""},
                       {"percent", std::to_string(100 * count / most)}});
  }
  return classes;
}

}  // namespace uvic
