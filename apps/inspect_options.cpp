#include "inspect_options.h"

#include "core/errors.h"
#include "inspect/definitions.h"
#include "io/output_path.h"
#include "nn/placement.h"
#include "recipe/recipe.h"

namespace uvic {
namespace {

std::vector<std::string> kind_names() {
  std::vector<std::string> names = {"all"};
  for (const char* name : kNamesOf<AttentionKind>) names.emplace_back(name);
  return names;
}

}  // namespace

void InspectOptions::add_to(CLI::App& app) {
  auto* one = app.add_option("--checkpoint", checkpoint,
                             "weights of a diffusion model: a safetensors or .pth file, a run directory or a "
                             "checkpoint directory; a file without a configuration inside needs --config");
  auto* series = app.add_option("--checkpoints", checkpoints,
                                "a run directory: the measures at each of its checkpoints, over real images");
  one->excludes(series);
  app.add_option(
         "--weights", weights,
         "in a directory: ema (the largest decay), ema-DECAY, power-WIDTH or raw; in a file of several: "
         "ema, raw, or the key that they are under")
      ->capture_default_str();
  add_ema_width(app, weights);
  app.add_option(
         "--against", against,
         "weights of another network, such as one with softmax attention: the paired difference, image "
         "by image")
      ->excludes(series);
  app.add_option("--kind", kind, "only blocks whose attention is of this kind")
      ->check(CLI::IsMember(kind_names()))
      ->capture_default_str();

  const std::string data = "What is looked at";
  app.add_option(
         "--over", over,
         "images (of the data set that the weights were trained on, held-out ones if there are any, "
         "noised), samples (the states that the network's own samples go through, of seeds 0, 1, ...) "
         "or both")
      ->check(CLI::IsMember({"images", "samples", "both"}))
      ->capture_default_str()
      ->group(data);
  config.add_alias(app, "--data", "data.path", "the data set, where it is not where it was", data);
  app.add_option("--num", num, "images, and samples")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 24))
      ->capture_default_str()
      ->group(data);
  app.add_option("--seed", seed, "which images, what noise, which tokens at random")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str()
      ->group(data);
  app.add_option(
         "--times", times,
         "noise levels, times of the schedule; default 0.1,0.3,0.5,0.7,0.9 of its whole. Samples: the "
         "evaluations nearest to them")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group(data);

  const std::string arrays = "Or just these inputs of the network";
  auto* x =
      app.add_option("--inputs", inputs, "x.npy: float32 [B, C, H, W]")->group(arrays)->excludes(series);
  auto* t = app.add_option("--timesteps", timesteps, "t.npy: [B], as the network is fed them: 999 t")
                ->group(arrays);
  x->needs(t);
  t->needs(x);
  app.add_option("--labels", labels, "y.npy: integers [B], of a model of classes")->group(arrays)->needs(x);
  app.add_option("--context", context,
                 "c.npy: float32 [B, tokens, dim], or token ids [B, tokens], of a model of text")
      ->group(arrays)
      ->needs(x);

  const std::string how = "How it is measured";
  app.add_option(
         "--rank-images", rank_images,
         "images of each noise level whose effective rank is computed, an SVD of N x N a head; default 4 "
         "(all of --inputs), none above 1025 tokens")
      ->check(CLI::NonNegativeNumber)
      ->group(how);
  app.add_option("--chunk", chunk,
                 "queries of an image whose weights are in memory at a time; the results do not depend on it")
      ->check(CLI::PositiveNumber)
      ->capture_default_str()
      ->group(how);

  const std::string taken = "Without the strongest tokens";
  auto* top = app.add_option("--suppress-top", suppress_top,
                             "take away, in each block, so many tokens with the most incoming mass, and say "
                             "what the loss says, against as many tokens at random")
                  ->check(CLI::PositiveNumber)
                  ->group(taken);
  app.add_option("--draws", draws, "how often tokens are drawn at random")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str()
      ->group(taken)
      ->needs(top);
  auto* statistics =
      app.add_option("--stats", stats,
                     "statistics of real images, an .npz of uvic-fid stats: the Frechet distance of "
                     "samples made without them, too")
          ->group(taken)
          ->needs(top);
  auto* extractor =
      app.add_option("--features", features, "the TorchScript feature extractor that --stats is of")
          ->group(taken);
  statistics->needs(extractor);
  extractor->needs(statistics);
  app.add_option("--frechet-images", frechet_images, "samples of each such distance")
      ->check(CLI::Range(int64_t{2}, int64_t{1} << 24))
      ->capture_default_str()
      ->group(taken)
      ->needs(statistics);

  const std::string out = "Output beside the tables";
  app.add_option("--json", json,
                 "a file with all numbers: `layers` are means over the noise levels of images, else of "
                 "samples, or those of "
                 "--inputs; `conditions` are each noise level")
      ->group(out);
  auto* folder =
      app.add_option("--pictures", pictures, "a folder for heat maps and attention maps")->group(out);
  app.add_option("--patch", patch, "ROW,COLUMN: whose attention is mapped; default the middle")
      ->group(out)
      ->needs(folder);
  app.add_option("--map-image", map_image, "of which image, from 0")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str()
      ->group(out)
      ->needs(folder);
  config.add_to(app, fields_of(RecipeFile{}.recipe), "");
  common.add_to(app);
  app.footer(definitions_text());
}

void InspectOptions::check() const {
  check_usage(!checkpoint.empty() || !checkpoints.empty(), "give --checkpoint W, or --checkpoints RUN");
  check_usage(
      suppress_top == 0 || (over_images() && !of_arrays() && checkpoints.empty()),
      "--suppress-top: its losses are those of images of one network; it goes with --over images or both");
  if (!json.empty()) check_output_file("--json", json);
  if (!pictures.empty()) check_output_folder("--pictures", pictures);
}

}  // namespace uvic
