// --reproduce: a picture made again by what it says of itself.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "app.h"

namespace uvic {

struct ReproduceOptions {
  std::string picture;       ///< empty: not asked for
  bool any_weights = false;  ///< also with others than it was made with

  void add_to(CLI::App& app);
  /// Makes the picture again into `out` (empty: x-again.png in the current folder) and says on stdout whether
  /// it is the same. Options that the user gave in `app` beside those for this are refused. Returns 0:
  /// identical, 1: it differs. UsageError for what cannot be made again: no record, other weights, something
  /// that is not there any more.
  int run(const CLI::App& app, std::string out) const;
};

}  // namespace uvic
