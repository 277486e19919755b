// Settings to be compared: the values of one key or of several, each with each.
#pragma once
#include <string>
#include <vector>

#include "core/options.h"

namespace uvic {

struct AbVariant {
  std::string name;                      ///< "cog", "cog-qk_norm-true": fit for a folder's name
  std::vector<std::string> assignments;  ///< key=value of each key that varies
};

/// `axes`: "model.attention=cog,softmax" each; they multiply, the first varies slowest. The first variant has
/// the first value of each. `scratch`: the fields of a configuration that is thrown away; they are set.
/// Commas inside brackets and quotes do not separate. UsageError for an unknown key, a value that is not
/// allowed, fewer than two, one that stands twice, a key that does, and train.seed, which --seeds varies.
std::vector<AbVariant> ab_variants(const std::vector<std::string>& axes, const std::vector<Field>& scratch);

/// --seeds of training runs, "0,1,2" or "0-2": each once. UsageError.
std::vector<int64_t> ab_seeds(const std::string& text);

/// "cog-seed0": the run's folder.
std::string ab_run_name(const AbVariant& variant, int64_t seed);

}  // namespace uvic
