// --interpolate: images on the way from one to another.
#pragma once
#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>

#include "sampling/prompts.h"
#include "sampling/sampler.h"

namespace uvic {

class InterpolateOptions {
 public:
  void add_to(CLI::App& app);
  bool given() const { return !ends_.empty(); }
  int64_t frames() const { return frames_.value_or(16); }
  double frame_rate() const { return frame_rate_.value_or(10); }
  /// The number or the policy of choose_labels that --class-to is (see class_policy); empty: not given.
  const std::string& class_to() const { return class_to_; }

  /// Frames from the image of the first seed to that of the second. `labels_of`: by seed and the text of a
  /// class, which may be empty: the policy. UsageError: not two seeds.
  SampleRequest request(
      const std::function<std::vector<int64_t>(int64_t seed, const std::string& text)>& labels_of,
      const Prompts& prompts, const PromptRows& rows_of) const;
  /// "--interpolate 3,7 --frames 16", for a command line.
  std::string options() const;

 private:
  std::string ends_, class_to_, prompt_to_;
  std::optional<int64_t> frames_;
  std::optional<double> frame_rate_;
};

}  // namespace uvic
