// The runs of a comparison: every variant with every seed, at equal budget. Runs of one seed share it, and so
// the order of the data and the noise: they are pairs.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/errors.h"
#include "train/ab_plan.h"
#include "train/ab_results.h"

namespace uvic {

template <class Config>
struct AbRuns {
  std::vector<AbVariant> variants;
  std::vector<Config> configs;  ///< of the variants
  std::vector<int64_t> seeds;

  Config config(size_t variant, size_t seed) const {
    Config of_seed = configs[variant];
    of_seed.train.seed = seeds[seed];
    return of_seed;
  }
};

/// A UsageError of `f` is thrown on with the variant's name.
template <class F>
void naming_variant(const AbVariant& variant, const F& f) {
  try {
    f();
  } catch (const UsageError& error) {
    usage_error("--ab, variant ", variant.name, ": ", error.what());
  }
}

/// Of any configuration struct with sections `train` and others, `resolve()` and `validate()`. UsageError as
/// ab_variants', and with the variant's name where its values do not go together.
template <class Config>
AbRuns<Config> ab_runs(const Config& base, const std::vector<std::string>& axes, const std::string& seeds) {
  Config scratch = base;
  AbRuns<Config> runs{
      .variants = ab_variants(axes, fields_of(scratch)), .configs = {}, .seeds = ab_seeds(seeds)};
  for (const AbVariant& variant : runs.variants) {
    Config& config = runs.configs.emplace_back(base);
    for (const std::string& assignment : variant.assignments) set_field(fields_of(config), assignment);
    naming_variant(variant, [&] {
      config.resolve();
      config.validate();
    });
  }
  return runs;
}

/// "model.attention=cog,softmax: 600 steps each of 64 images."
std::string ab_heading(const std::vector<std::string>& axes, int64_t steps, int64_t batch_size,
                       const std::string& unit);

/// Calls train_one(variant, seed), seed by seed, until one gives another code than 0, which it then returns.
/// `results`, whose figures are those of whole seeds alone, are written to ab.md and ab.json of `folder`
/// whenever all variants of a seed are done. `figures(variant, seed)`: of a finished run.
int train_pairs(const std::filesystem::path& folder, AbResults& results,
                const std::function<int(size_t variant, size_t seed)>& train_one,
                const std::function<RunFigures(size_t variant, size_t seed)>& figures);

}  // namespace uvic
