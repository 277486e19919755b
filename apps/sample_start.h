// --init-image and --mask: images that start from a picture.
#pragma once
#include <CLI/CLI.hpp>
#include <map>
#include <optional>
#include <string>

#include "encoders/stages.h"
#include "recipe/recipe.h"
#include "sampling/start.h"

namespace uvic {

class StartOptions {
 public:
  void add_to(CLI::App& app);
  /// Reads and prepares what is given, as training prepares pictures. UsageError, the option first: not
  /// readable, a mask of another size, one that the solver cannot do, an option that would have no effect.
  Start open(const Recipe& recipe, const Stages& stages, c10::Device device) const;
  /// "--init-image a.png --strength 0.8", for a command line; empty without a picture.
  std::string options() const;
  /// SHA-256 of the files, by option.
  std::map<std::string, std::string> digests() const;

 private:
  double strength() const { return strength_.value_or(mask_.empty() ? 0.8 : 1.0); }

  std::string image_, mask_;
  std::optional<double> strength_;
  std::optional<int64_t> resample_, jump_;
};

}  // namespace uvic
