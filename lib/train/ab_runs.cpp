#include "train/ab_runs.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <utility>

#include "core/log.h"
#include "core/text.h"
#include "io/atomic_file.h"

namespace uvic {

std::string ab_heading(const std::vector<std::string>& axes, int64_t steps, int64_t batch_size,
                       const std::string& unit) {
  const auto varies = [&](const std::string& key) {
    return std::any_of(axes.begin(), axes.end(),
                       [&](const std::string& axis) { return axis.starts_with(key + "="); });
  };
  std::string text = join(axes, "; ");
  if (!varies("train.steps")) text += c10::str(": ", steps, " steps each");
  if (!varies("train.batch_size")) text += c10::str(" of ", batch_size, " ", unit);
  return text + ".";
}

int train_pairs(const std::filesystem::path& folder, AbResults& results,
                const std::function<int(size_t variant, size_t seed)>& train_one,
                const std::function<RunFigures(size_t variant, size_t seed)>& figures) {
  const std::vector<int64_t> seeds = std::exchange(results.seeds, {});
  const size_t variants = results.variants.size();
  results.figures.assign(variants, {});
  for (size_t seed = 0; seed < seeds.size(); ++seed) {
    for (size_t variant = 0; variant < variants; ++variant) {
      log_info("run ", seed * variants + variant + 1, " of ", seeds.size() * variants, ": ",
               results.variants[variant].name, ", seed ", seeds[seed]);
      if (const int code = train_one(variant, seed); code != 0) return code;
    }
    for (size_t variant = 0; variant < variants; ++variant)
      results.figures[variant].push_back(figures(variant, seed));
    results.seeds.push_back(seeds[seed]);
    write_file_atomically(folder / "ab.md", ab_markdown(results));
    write_file_atomically(folder / "ab.json", ab_json(results));
  }
  return 0;
}

}  // namespace uvic
