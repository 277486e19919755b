#include "sample_reproduce.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/count_nonzero.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <set>

#include "core/errors.h"
#include "core/log.h"
#include "core/signals.h"
#include "core/text.h"
#include "io/digests.h"
#include "io/output_path.h"
#include "io/png.h"
#include "io/png_decode.h"
#include "io/read_file.h"
#include "sample_settings.h"
#include "sample_sweep.h"
#include "sampling/finite.h"
#include "sampling/repaint.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

// What can be said beside --reproduce: where things are and how they are run, not what is made.
const std::set<std::string>& companions() {
  static const std::set<std::string> names = {"--reproduce", "--any-weights", "--out",  "--checkpoint",
                                              "--device",    "--threads",     "--quiet"};
  return names;
}

struct Original {
  std::string name, record;
  RecordFacts facts;
  at::Tensor pixels;  // uint8 [C, H, W]
};

Original read_original(const std::string& path) {
  const std::string bytes = read_text(path);
  const auto png = inspect_png_bytes(bytes);
  check_usage(png.has_value(), "--reproduce ", path,
              ": is not a whole PNG; other pictures say nothing of their making");
  const auto record = png->text.find("parameters");
  check_usage(
      record != png->text.end(), "--reproduce ", path,
      ": holds no record of how it was made (a tEXt chunk `parameters`); programs that convert or edit "
      "pictures drop it");
  Original original{.name = path,
                    .record = record->second,
                    .facts = read_record(record->second, path),
                    .pixels = decode_png(bytes)};
  check_usage(original.pixels.defined(), "--reproduce ", path, ": its pixels cannot be decoded");
  return original;
}

// The settings of the record's command, then what the user says.
SampleSettings settings_of(const Original& original, const std::vector<std::string>& more) {
  SampleSettings settings;
  CLI::App parser;
  parser.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  settings.add_to(parser);
  std::vector<std::string> words = shell_words(original.facts.command, original.name);
  words.erase(words.begin());
  words.insert(words.end(), more.begin(), more.end());
  std::reverse(words.begin(), words.end());
  try {
    parser.parse(words);
  } catch (const CLI::ParseError& error) {
    usage_error(original.name, ": the command of its record is not understood here: ", error.what());
  }
  return settings;
}

bool are_those(const fs::path& file, const RecordFacts& facts) {
  if (!facts.tensors_sha256.empty()) return true;  // seen once they are loaded
  if (!facts.weights_sha256.empty()) return file_digests(file).sha256 == facts.weights_sha256;
  const auto crc = facts.facts.find("weights_crc32");
  char text[16];
  std::snprintf(text, sizeof text, "%08x", crc == facts.facts.end() ? 0 : file_crc32(file));
  return crc == facts.facts.end() || crc->second == text;
}

// Of a run that went on since, the weights that were its newest then.
fs::path weights_in(const fs::path& folder, const RecordFacts& facts) {
  std::error_code absent;
  for (const auto& entry : fs::recursive_directory_iterator(folder, absent)) {
    if (entry.path().extension() == ".safetensors" && are_those(entry.path(), facts)) return entry.path();
  }
  return {};
}

// What to take for the weights: what the user says, the file that was taken then, or what the command says.
std::string checkpoint_of(const CLI::App& app, const Original& original) {
  const auto* option = app.get_option("--checkpoint");
  const fs::path given = option->count() > 0 ? option->as<std::string>() : std::string();
  std::error_code absent;
  if (const fs::path name = fs::path(original.facts.checkpoint).filename();
      !original.facts.tensors_sha256.empty() && fs::is_directory(given / "checkpoints" / name, absent))
    return (given / "checkpoints" / name).string();
  if (!given.empty() && fs::is_directory(given, absent)) {
    const fs::path found = weights_in(given, original.facts);
    return found.empty() ? given.string() : found.string();
  }
  if (!given.empty()) return given.string();
  const bool made = original.facts.command.find(" --weights width-") != std::string::npos;
  return !made && fs::is_regular_file(original.facts.weights_file, absent) ? original.facts.weights_file : "";
}

void check_weights(const Original& original, const LoadedModel& loaded, bool any) {
  const RecordFacts& facts = original.facts;
  if (are_those(loaded.file, facts) || any) return;
  const std::string hash = facts.weights_sha256.empty() ? c10::str("CRC-32 ", facts.facts.at("weights_crc32"))
                                                        : "SHA-256 " + facts.weights_sha256;
  usage_error(loaded.file.string(), ": these are not the weights that made ", original.name,
              " (its record says ", hash,
              facts.weights_sha256.empty() ? "" : ", these have " + file_digests(loaded.file).sha256,
              "); --checkpoint says where they are, --any-weights tries with these");
}

void check_tensors(const Original& original, const LoadedModel& loaded, bool any) {
  const std::string& then = original.facts.tensors_sha256;
  if (then.empty() || any) return;
  const std::string now = weights_digest(loaded);
  check_usage(now == then, loaded.file.string(), ": these are not the weights that made ", original.name,
              " (its record says SHA-256 ", then, " of their values, these have ", now,
              "); --checkpoint says where they are, --any-weights tries with these");
}

bool is_single(const Original& original, const SampleJob& job) {
  const auto& [C, H, W] = job.picture;
  return original.pixels.size(1) == H && original.pixels.size(2) == W;
}

// The picture that the record is of, uint8 [C, H, W]; undefined if a signal has come.
at::Tensor made_again(const Original& original, const Sampling& sampling) {
  if (!sampling.sweep.empty()) return make_sweep_sheet(sampling);
  const SampleJob& job = sampling.job;
  const std::optional<int64_t>& frame = original.facts.frame;
  const std::optional<int64_t>& step = original.facts.step;
  const Sampler sampler = sampling.sampler();
  SamplingProgress progress(job.request.seeds.size(), plan_with(sampler.plan(), job.request.start));
  FiniteCheck finite(job.request.seeds);
  std::vector<at::Tensor> pictures;
  try {
    sampler.run(
        job.request,
        [&](size_t, const at::Tensor& images) {
          finite.add(images);
          if (!step) pictures.push_back(to_pictures(images));
        },
        [&](size_t first, int64_t number, const at::Tensor& x) {
          progress.update(first, number);
          if (step && number == *step) pictures.push_back(to_pictures(sampler.decoded(x)).cpu());
          stop_if_asked();
        });
  } catch (const Stopped&) {
    return {};
  }
  progress.finish();
  if (finite.any_bad())
    throw std::runtime_error(original.name + ": made again, " + finite.text(InferencePrecision::kFp32, ""));
  check_usage(!pictures.empty(), original.name, ": its record says step ", step.value_or(0),
              ", but there is none");
  const at::Tensor all = at::cat(pictures);
  const int64_t index = frame.value_or(0);
  check_usage(index >= 0 && index < all.size(0), original.name, ": its record says frame ", index, " of ",
              all.size(0));
  return is_single(original, job) ? all[index] : grid_of(job, all);
}

// "cpu: AVX512 then, AVX2 now"; "its record does not say: libtorch".
std::vector<std::string> explanations(const RecordFacts& then, const RecordFacts& now) {
  std::vector<std::string> lines, missing;
  for (const auto& [key, value] : now.facts) {
    const auto found = then.facts.find(key);
    if (found == then.facts.end()) {
      missing.push_back(key);
    } else if (found->second != value) {
      lines.push_back(c10::str(key, ": ", found->second, " then, ", value, " now"));
    }
  }
  if (!missing.empty()) lines.push_back("its record does not say: " + join(missing, ", "));
  if (lines.empty())
    lines.emplace_back("all that its record says is the same here; the picture may have been changed since");
  return lines;
}

RecordInputs record_of(const Original& original, const SampleJob& job, int64_t save_steps) {
  const RecordFacts& facts = original.facts;
  RecordInputs record = is_single(original, job) && facts.frame ? image_record(job, size_t(*facts.frame))
                        : is_single(original, job)              ? image_record(job, 0)
                                                                : grid_record(job);
  if (facts.step) {
    record.step = facts.step;
    record.layout += c10::str(record.layout.empty() ? "" : " ", "--save-steps ", save_steps);
  }
  return record;
}

int compare(const Original& original, const at::Tensor& made, const std::string& record,
            const std::string& out) {
  std::string verdict;
  bool same = false;
  if (made.sizes() != original.pixels.sizes()) {
    const auto size = [](const at::Tensor& x) {
      return c10::str(x.size(2), "x", x.size(1), " in ", count_of(uint64_t(x.size(0)), "channel"));
    };
    verdict = c10::str("differs: it is ", size(original.pixels), ", made again ", size(made));
  } else {
    const at::Tensor distance = (original.pixels.to(at::kShort) - made.to(at::kShort)).abs();
    const auto changed = at::count_nonzero(distance).item<int64_t>();
    same = changed == 0;
    verdict = same ? c10::str("identical: all ", made.numel(), " bytes of its pixels came out again")
                   : c10::str("differs in ", changed, " of ", made.numel(), " bytes, by at most ",
                              count_of(uint64_t(distance.max().item<int64_t>()), "grey level"));
  }
  std::cout << original.name << ": " << verdict << "\n";
  if (!same) {
    for (const std::string& line : explanations(original.facts, read_record(record, out)))
      std::cout << "  " << line << "\n";
  }
  std::cout << std::flush;
  return same ? kDone : kFailed;
}

}  // namespace

void ReproduceOptions::add_to(CLI::App& app) {
  constexpr auto kGroup = "Make a picture again";
  auto* reproduce =
      app.add_option("--reproduce", picture,
                     "a PNG of uvic-sample, uvic-fid dump or a training's previews: makes it again by its "
                     "record, into --out or x-again.png, and says whether it is the same (exit code 0) "
                     "or what differs (1)")
          ->group(kGroup);
  app.add_flag("--any-weights", any_weights, "also with weights that it was not made with")
      ->needs(reproduce)
      ->group(kGroup);
}

int ReproduceOptions::run(const CLI::App& app, std::string out) const {
  std::vector<std::string> more;
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = "--" + (option->get_lnames().empty() ? "" : option->get_lnames().front());
    if (option->count() == 0) continue;
    check_usage(companions().contains(name), name, ": the record of ", picture,
                " says what is made; beside --reproduce there can be ",
                join({companions().begin(), companions().end()}, ", "));
    if (name == "--device" || name == "--threads") {
      more.push_back(name);
      more.push_back(option->as<std::string>());
    }
  }
  const Original original = read_original(picture);
  // Not beside it: in a folder of images it would be one more to be scored.
  if (out.empty()) out = fs::path(picture).stem().string() + "-again.png";
  check_output_file("--out", out, {".png"});
  std::error_code absent;
  check_usage(!fs::equivalent(picture, out, absent), "--out ", out,
              ": is the picture itself; name another file");
  if (const std::string checkpoint = checkpoint_of(app, original); !checkpoint.empty())
    more.insert(more.end(), {"--checkpoint", checkpoint});

  SampleSettings settings = settings_of(original, more);
  Sampling sampling = settings.find();
  check_weights(original, sampling.loaded, any_weights);
  settings.complete(sampling);
  load_weights_of(sampling.loaded, sampling.device);
  check_tensors(original, sampling.loaded, any_weights);
  install_signal_handlers();
  const at::Tensor made = made_again(original, sampling);
  if (!made.defined()) return interrupted("nothing is written"), kInterrupted;
  const std::string record = sample_record(record_of(original, sampling.job, settings.save_steps()));
  const int code = compare(original, made, record, out);
  save_png(out, made, {{"parameters", record}});
  log_info("wrote ", out);
  return code;
}

}  // namespace uvic
