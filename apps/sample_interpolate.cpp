#include "sample_interpolate.h"

#include <ATen/core/Tensor.h>

#include "core/errors.h"
#include "core/seeds.h"
#include "sampling/record.h"

namespace uvic {
namespace {

constexpr auto kBetweenGroup = "Between two images";

}  // namespace

void InterpolateOptions::add_to(CLI::App& app) {
  auto* ends =
      app.add_option("--interpolate", ends_,
                     "S1,S2: images on the way from that of seed S1 to that of seed S2, instead of --seeds; "
                     "noise goes along an arc, classes and prompts in a straight line between their "
                     "embeddings")
          ->group(kBetweenGroup);
  app.add_option("--frames", frames_, "how many, both ends included; default 16")
      ->check(CLI::Range(int64_t{2}, int64_t{100000}))
      ->needs(ends)
      ->group(kBetweenGroup);
  app.add_option("--class-to", class_to_,
                 "the class that the last shows; default: that of its seed, or --class")
      ->needs(ends)
      ->group(kBetweenGroup);
  app.add_option("--prompt-to", prompt_to_,
                 "the prompt that the last shows; default: that of its seed, of those given by --prompt")
      ->needs(ends)
      ->group(kBetweenGroup);
  app.add_option("--frame-rate", frame_rate_, "of --out x.gif, images a second; default 10")
      ->check(CLI::Range(0.1, 50.0))
      ->needs(ends)
      ->group(kBetweenGroup);
}

SampleRequest InterpolateOptions::request(
    const std::function<std::vector<int64_t>(int64_t seed, const std::string& text)>& labels_of,
    const Prompts& prompts, const PromptRows& rows_of) const {
  const auto seeds = parse_seeds(ends_);
  check_usage(seeds.size() == 2, "--interpolate ", ends_, ": must be two seeds, such as 3,7");
  check_usage(prompt_to_.empty() || !prompts.empty(),
              "--prompt-to: goes from what --prompt says to another; there is no --prompt");
  const auto count = size_t(frames());
  const auto repeated = [count](const auto& one) { return std::vector(count, one.at(0)); };
  SampleRequest request;
  request.seeds.assign(count, seeds[0]);
  request.towards.seeds.assign(count, seeds[1]);
  for (size_t i = 0; i < count; ++i) request.towards.shares.push_back(double(i) / double(count - 1));
  if (const auto labels = labels_of(seeds[0], ""); !labels.empty()) {
    request.labels = repeated(labels);
    request.towards.labels = repeated(labels_of(seeds[1], class_to_));
  } else {
    check_usage(class_to_.empty(), "--class-to ", class_to_,
                ": this model is unconditional, it has no classes");
  }
  if (!prompts.empty()) {
    const auto rows = [&](const std::string& text) {
      return rows_of({text}).repeat_interleave(int64_t(count), 0);
    };
    request.context = rows(prompts.of(seeds[0]));
    request.towards.context = rows(prompt_to_.empty() ? prompts.of(seeds[1]) : prompt_to_);
  }
  return request;
}

std::string InterpolateOptions::options() const {
  std::string text = c10::str("--interpolate ", shell_quote(ends_), " --frames ", frames());
  if (!class_to_.empty()) text += " --class-to " + shell_quote(class_to_);
  if (!prompt_to_.empty()) text += " --prompt-to " + shell_quote(prompt_to_);
  return text;
}

}  // namespace uvic
