// uvic-fid: dumps images in bulk, and scores them.
#include <filesystem>
#include <iostream>
#include <regex>

#include "app.h"
#include "core/errors.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/seeds.h"
#include "core/signals.h"
#include "fid_score.h"
#include "fid_stats.h"
#include "io/png.h"
#include "sample_options.h"
#include "sampling/labels.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

struct Interrupted {};

// Batch sizes move an image by at most its last bits, so a dump may go on with another.
std::string without_batch_size(const std::string& record) {
  static const std::regex batch_size(" --set sample\\.batch_size=[0-9]+");
  return std::regex_replace(record, batch_size, "");
}

struct DumpApp {
  SampleCommand command;
  std::string out;
  int64_t num = 0;

  void add_to(CLI::App& app) {
    command.add_to(app);
    auto* seeds = app.add_option("--seeds", command.seeds, "0-49999 (inclusive) or 5,6,1007");
    app.add_option("--num", num, "as --seeds 0-(N-1)")
        ->check(CLI::Range(int64_t{1}, kMaxImageSeed))
        ->excludes(seeds);
    app.add_option("--out", out,
                   "folder of the images, named by seed: 000000.png; whole ones there are kept");
  }

  fs::path file_of(int64_t seed) const { return fs::path(out) / image_file_name(seed); }

  std::vector<int64_t> chosen_seeds() const {
    check_usage(num > 0 || !command.seeds.empty(), "give --num N or --seeds a-b");
    return parse_seeds(num > 0 ? c10::str("0-", num - 1) : command.seeds);
  }

  // The records of all images differ only in seed and label.
  std::string record_of(RecordInputs record, const SampleRequest& request, size_t i) const {
    record.seeds = std::to_string(request.seeds[i]);
    if (!request.labels.empty()) record.labels = std::to_string(request.labels[i]);
    return sample_record(record);
  }

  // What of the request is not there yet; an image made with other settings is an error, a damaged one is
  // made again.
  SampleRequest missing(const SampleRequest& request, const RecordInputs& record) const {
    SampleRequest rest;
    for (size_t i = 0; i < request.seeds.size(); ++i) {
      const fs::path file = file_of(request.seeds[i]);
      if (const auto png = inspect_png(file)) {
        const auto text = png->text.find("parameters");
        const std::string expected = without_batch_size(record_of(record, request, i));
        check_usage(text != png->text.end() && without_batch_size(text->second) == expected, file.string(),
                    ": was made with other settings (see its tEXt record); use another --out");
        continue;
      }
      rest.seeds.push_back(request.seeds[i]);
      if (!request.labels.empty()) rest.labels.push_back(request.labels[i]);
    }
    return rest;
  }

  int run() {
    const c10::Device device = command.common.apply();
    const auto seeds = chosen_seeds();
    LoadedModel loaded = command.find(seeds.size());
    if (command.config.print_config) {
      std::cout << loaded.config.to_yaml();
      return kDone;
    }
    check_usage(!out.empty(), "--out: give the folder of the images");
    check_usage(!fs::exists(out) || fs::is_directory(out), "--out ", out, ": is not a folder");
    const auto request = command.request(loaded, seeds);
    if (command.dry_run) {
      std::cout << describe_sampling(loaded, request.seeds.size(), device) << std::endl;
      return kDone;
    }
    load_weights_of(loaded, device);
    const Sampler sampler(*loaded.model, loaded.config.diffusion, loaded.config.sample, device);
    const RecordInputs record = command.record(loaded, sampler, "", command.labels, device);
    fs::create_directories(out);
    const SampleRequest rest = missing(request, record);
    const size_t kept = request.seeds.size() - rest.seeds.size();
    if (kept > 0) log_info(kept, " of ", request.seeds.size(), " images are there already");
    log_info(describe_sampling(loaded, rest.seeds.size(), device));
    return dump(sampler, rest, record);
  }

  int dump(const Sampler& sampler, const SampleRequest& rest, const RecordInputs& record) {
    install_signal_handlers();
    SamplingProgress progress(rest.seeds.size(), sampler.plan());
    size_t written = 0;
    try {
      sampler.run(
          rest,
          [&](size_t first, const at::Tensor& images) {
            const at::Tensor bytes = to_uint8(images);
            for (int64_t i = 0; i < bytes.size(0); ++i, ++written) {
              const size_t index = first + size_t(i);
              save_png(file_of(rest.seeds[index]), bytes[i],
                       {{"parameters", record_of(record, rest, index)}});
            }
          },
          [&](size_t first, int64_t step, const at::Tensor&) {
            progress.update(first, step);
            if (received_signal() != 0) throw Interrupted{};
          });
    } catch (const Interrupted&) {
      progress.finish();
      write_line(c10::str(signal_name(received_signal()), ": ", written, " images written, ",
                          rest.seeds.size() - written, " missing; the same command goes on"));
      return kInterrupted;
    }
    progress.finish();
    log_info("wrote ", written, " images to ", out);
    return kDone;
  }
};

}  // namespace
}  // namespace uvic

int main(int argc, char** argv) {
  uvic::DumpApp dump;
  uvic::StatsCommand stats;
  uvic::ScoreCommand score;
  std::function<int()> run;
  const auto add_options = [&](CLI::App& app) {
    app.require_subcommand(1);
    const auto add = [&](const char* name, const char* help, auto& command) {
      auto* sub = app.add_subcommand(name, help);
      command.add_to(*sub);
      sub->callback([&run, &command] { run = [&command] { return command.run(); }; });
    };
    add("dump", "write one PNG a seed into a folder; the same command again resumes", dump);
    add("stats", "features of images -> mean and covariance, an .npz", stats);
    add("score", "FID, KID and their relatives of one set of images against another", score);
  };
  return uvic::run_app("uvic-fid", "Dumps images in bulk for FID, and scores them.", argc, argv, add_options,
                       [&] { return run(); });
}
