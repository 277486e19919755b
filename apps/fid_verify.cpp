#include "fid_verify.h"

#include <cstdio>
#include <iostream>

#include "core/errors.h"
#include "core/log.h"
#include "core/seeds.h"
#include "core/text.h"
#include "io/digests.h"
#include "prompt_options.h"
#include "sample_options.h"
#include "sampling/dump/verify.h"
#include "sampling/make_sampler.h"
#include "tasks/diffusion/examples.h"

namespace uvic {

void VerifyCommand::add_to(CLI::App& app) {
  app.add_option("dump", path, "a folder, x.zip or x.npz that uvic-fid dump or merge has written")
      ->required();
  app.add_option("--count", count, "images to make anew and compare; 0: only check that all are whole")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  app.add_option("--seed", seed, "draws which")->capture_default_str();
  app.add_option("--checkpoint", checkpoint, "where the weights are now; default as in the manifest");
  common.add_to(app);
}

// The network and settings that the manifest names.
LoadedModel VerifyCommand::find(const DumpManifest& manifest) const {
  std::vector<std::string> assignments = manifest.making.overrides;
  for (const FieldView& field : fields_of(manifest.making.sample)) {
    assignments.push_back("sample." + field.key + "=" + value_text(field));
  }
  ConfigOptions options;
  options.assign(assignments);
  const auto where = checkpoint.empty() ? manifest.making.checkpoint.string() : checkpoint;
  // The file of a reconstructed average would have to be made first.
  const bool made = manifest.making.weights.starts_with("width-") && std::filesystem::is_regular_file(where);
  LoadedModel loaded = find_model(where, made ? "ema" : manifest.making.weights, options.overlay());
  check_usage(file_digests(loaded.file).sha256 == manifest.making.weights_sha256, loaded.file.string(),
              ": these are not the weights that made ", path,
              "; --checkpoint says where they are, --count 0 checks the files alone");
  return loaded;
}

int VerifyCommand::run() {
  const auto reader = DumpReader::open(path);
  const DumpManifest& manifest = reader->manifest();
  if (common.threads == 0) common.threads = manifest.making.threads;
  const c10::Device device = common.apply();
  LoadedModel loaded;
  if (count > 0) loaded = find(manifest);  // a missing checkpoint is said before the long reading

  const Inspection found = inspect_dump(*reader, draw_indices(manifest.seeds.size(), count, seed));
  for (const std::string& problem : found.problems) write_line(problem);
  if (!found.problems.empty()) {
    write_line(c10::str("error: ", path, ": ", count_of(found.problems.size(), "problem"), " with its ",
                        count_of(manifest.seeds.size(), "image"), "; ",
                        !manifest.not_finite.empty() ? not_finite_text(manifest)
                        : is_folder(manifest.format) ? "the same dump command makes them again"
                                                     : "remove it and dump again"));
    return kFailed;
  }
  std::cout << path << ": all " << count_of(manifest.seeds.size(), "image")
            << (manifest.seeds.size() == 1 ? " is" : " are") << " there and whole" << std::endl;
  return count > 0 ? compare(loaded, *reader, found.pixels, device) : int(kDone);
}

int VerifyCommand::compare(LoadedModel& loaded, const DumpReader& reader,
                           const std::map<size_t, at::Tensor>& pixels, c10::Device device) const {
  load_weights_of(loaded, device);
  log_info(describe_sampling(loaded, pixels.size(), device));
  const Stages stages = stages_of(loaded, device);
  const Sampler sampler =
      make_sampler(loaded, device, sampler_parts(stages, reader.manifest().making.prompts.negative));
  const Comparison result = regenerate_and_compare(reader.plan(), pixels, sampler, prompt_rows(stages));
  if (!result.not_finite.empty()) {
    write_line(c10::str("error: ", path, ": made anew, ", result.not_finite));
    return kFailed;
  }
  char share[32];
  std::snprintf(share, sizeof share, "%.3g %%", 100 * result.share);
  std::vector<int64_t> seeds;
  for (const auto& [index, image] : pixels) seeds.push_back(reader.manifest().seeds[index]);
  const auto text = c10::str(result.equal, " of ", count_of(result.images, "image"), " made anew (seeds ",
                             seeds_text(seeds), ") are equal to the bytes; largest difference ",
                             result.largest, " grey levels, ", share, " of the bytes differ");
  if (result.within_contract()) {
    std::cout << text << std::endl;
    return kDone;
  }
  write_line(c10::str("error: ", path, ": ", text, "; at most 1 grey level on 5 % is within the contract"));
  return kFailed;
}

}  // namespace uvic
