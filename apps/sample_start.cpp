#include "sample_start.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include "core/errors.h"
#include "core/options.h"
#include "data/decode.h"
#include "data/prepare.h"
#include "io/digests.h"
#include "sampling/record.h"
#include "sampling/repaint.h"
#include "tasks/diffusion/examples.h"

namespace uvic {
namespace {

constexpr auto kStartGroup = "Start from a picture";
// A few passes mend the seams; RePaint's own ten cost ten times the sampling.
constexpr int64_t kResample = 4, kJump = 10;

// bool [1, height, width] of a mask over the picture, `original` as its file has it.
at::Tensor read_mask(const std::string& path, const std::string& image, const Pixels& original,
                     const ImageShape& shape) {
  const auto [C, H, W] = shape;
  const Pixels mask = decode_image(path, {.channels = 1});
  const bool whole = mask.width == original.width && mask.height == original.height;
  const bool prepared_already = mask.width == W && mask.height == H,
             same = original.width == W && original.height == H;
  check_usage(whole || prepared_already, "--mask ", path, ": is ", mask.width, "x", mask.height,
              " pixels, but ", image, " is ", original.width, "x", original.height,
              same ? "" : c10::str(", of which ", W, "x", H, " are used"), "; it must be of the same size");
  const Pixels prepared = whole ? prepare_centered(mask, int(W), int(H)) : mask;
  return to_tensor(prepared) > 127;
}

}  // namespace

void StartOptions::add_to(CLI::App& app) {
  auto* image = app.add_option("--init-image", image_,
                               "a picture to start from instead of noise, brought to the network's size as "
                               "training brings its own; every seed makes another of it")
                    ->group(kStartGroup);
  app.add_option(
         "--strength", strength_,
         "how far it is noised: 0 leaves it as it is, 1 leaves nothing of it; so many of the steps are "
         "made; default 0.8, with --mask 1")
      ->check(CLI::Range(0.0, 1.0))
      ->needs(image)
      ->group(kStartGroup);
  auto* mask =
      app.add_option("--mask", mask_,
                     "what of it is made anew: white; black stays, to the bit. A picture of the same "
                     "size, or of the network's")
          ->needs(image)
          ->group(kStartGroup);
  auto* resample =
      app.add_option("--resample", resample_,
                     c10::str("how often each part of the way is gone over, so that what is made goes "
                              "with what stays (RePaint); 1: once; default ",
                              kResample))
          ->check(CLI::Range(int64_t{1}, int64_t{1000}))
          ->needs(mask)
          ->group(kStartGroup);
  app.add_option("--resample-jump", jump_,
                 c10::str("steps in such a part, at most half of all; default ", kJump, ", as in RePaint"))
      ->check(CLI::Range(int64_t{1}, int64_t{100000}))
      ->needs(resample)
      ->group(kStartGroup);
}

Start StartOptions::open(const Recipe& recipe, const Stages& stages, c10::Device device) const {
  Start start;
  if (image_.empty()) return start;
  const ImageShape shape = picture_shape(recipe, stages);
  const auto [C, H, W] = shape;
  check_usage(C == 1 || C == 3, "--init-image ", image_, ": what this network sees are latents of ", C,
              " channels; --vae V encodes pictures for it");
  const Pixels original = decode_image(image_, {.channels = int(C)});
  start.picture = to_tensor(prepare_centered(original, int(W), int(H))).to(at::kFloat) / 127.5 - 1;
  start.state = start.picture;
  if (stages.codec) {
    const auto [mean, std] = stages.codec->moments(start.picture.unsqueeze(0).to(device));
    start.state = stages.codec->space().normalise(mean)[0].cpu();
  }
  start.strength = strength();
  start.resample = resample_.value_or(kResample);
  start.jump = jump_.value_or(kJump);
  if (mask_.empty()) return start;
  check_repaints(find_solver(recipe.sample.solver));
  start.mask = read_mask(mask_, image_, original, shape);
  return start;
}

std::string StartOptions::options() const {
  if (image_.empty()) return "";
  std::string text = "--init-image " + shell_quote(image_) + " --strength " + value_text(strength());
  if (mask_.empty()) return text;
  return c10::str(text, " --mask ", shell_quote(mask_), " --resample ", resample_.value_or(kResample),
                  " --resample-jump ", jump_.value_or(kJump));
}

std::map<std::string, std::string> StartOptions::digests() const {
  std::map<std::string, std::string> digests;
  for (const auto& [option, path] : {std::pair("--init-image", image_), std::pair("--mask", mask_)}) {
    if (!path.empty()) digests[option] = file_digests(path).sha256;
  }
  return digests;
}

}  // namespace uvic
