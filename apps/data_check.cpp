#include "data_check.h"

#include <algorithm>
#include <iostream>
#include <optional>
#include <thread>

#include "core/device.h"
#include "core/log.h"
#include "core/progress.h"
#include "data/find_kind.h"
#include "io/atomic_file.h"
#include "io/output_path.h"

namespace uvic {

void CheckCommand::add_to(CLI::App& app) {
  app.add_option("set", options.data.path,
                 "a folder, a .zip, webdataset tars, COCO's folder, a pack, or what else data.path may be")
      ->required();
  app.add_option("--kind", kind, "of data.kind; unless given, what the set looks like")
      ->check(CLI::IsMember(options.data.kind.names()));
  app.add_option("--captions", options.data.captions, "as data.captions: auto, none, beside or a file")
      ->capture_default_str();
  app.add_option("--image-size", options.image_size,
                 "what a model takes: smaller images are told of; 0: they are not")
      ->check(CLI::Range(int64_t{0}, int64_t{65536}))
      ->capture_default_str();
  app.add_option("--max-pixels", options.data.max_pixels, "as data.max_pixels")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--list", most, "how many images a finding names")
      ->check(CLI::Range(int64_t{0}, int64_t{1'000'000}))
      ->capture_default_str();
  app.add_option("--json", json, "a file for machines, which names them all");
  app.add_option("--threads", threads, "that decode; 0: one a core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str()
      ->group("Machine");
  app.add_flag("--quiet", quiet, "no progress")->group("Machine");
}

int CheckCommand::run() {
  set_quiet(quiet);
  set_threads(threads);
  if (!json.empty()) check_output_file("--json", json, {".json"});
  options.data.workers = threads > 0 ? threads : int64_t(std::max(1U, std::thread::hardware_concurrency()));
  options.data.kind = kind.empty() ? Choice(find_kind(options.data.path)) : Choice<DataKind>(kind);
  std::optional<ProgressBar> bar;
  const CheckReport report = check_set(options, [&](int64_t done, int64_t total) {
    if (!bar) bar.emplace("looking at", "images", total);
    bar->update(done);
  });
  bar.reset();
  std::cout << to_text(report, size_t(most)) << std::flush;
  if (!json.empty()) write_file_atomically(json, to_json(report));
  return kDone;
}

}  // namespace uvic
