#include "inspect/tables.h"

#include <ATen/ATen.h>
#include <c10/util/StringUtil.h>

#include <cmath>

#include "core/text.h"
#include "inspect/text_table.h"
#include "nn/placement.h"

namespace uvic {
namespace {

std::vector<std::string> row_of_block(const LayerMeasures& layer) {
  return {layer.name, Choice<AttentionKind>(layer.kind).name()};
}

// "time 80%, corner 20%": whose sinks those of a block are.
std::string sinks_text(const at::Tensor& sinks) {
  std::vector<std::string> parts;
  const double all = sinks.sum().item<double>();
  for (size_t group = 0; group < kTokenGroups; ++group) {
    const double count = sinks[int64_t(group)].item<double>();
    if (std::lround(100 * count / all) > 0)
      parts.push_back(c10::str(kNamesOf<TokenGroup>[group], " ", std::lround(100 * count / all), "%"));
  }
  return parts.empty() ? "-" : join(parts, ", ");
}

constexpr HeadMeasure kShown[] = {kNegativeCount,  kNegativeMass,  kRowSum,       kEntropy,
                                  kEntropyShifted, kEffectiveRank, kTopAttention, kSink};

double over_blocks(const Measures& measures, HeadMeasure measure) {
  double sum = 0;
  for (const LayerMeasures& layer : measures.layers) sum += mean_of(layer, measure);
  return sum / double(measures.layers.size());
}

}  // namespace

std::string blocks_table(const Measures& measures) {
  std::vector<std::string> header = {"block", "kind"};
  for (const HeadMeasure measure : kShown) header.emplace_back(kHeadDefinitions[measure].column);
  header.emplace_back(kLayerDefinitions[kHeadDistance].column);
  header.emplace_back("sinks at");
  TextTable table(header, 2);
  for (size_t i = 0; i < measures.layers.size(); ++i) {
    const LayerMeasures& layer = measures.layers[i];
    auto row = row_of_block(measures.layers[i]);
    for (const HeadMeasure measure : kShown) row.push_back(cell(mean_of(layer, measure)));
    row.push_back(cell(mean_of(layer, kHeadDistance)));
    row.push_back(sinks_text(layer.sinks));
    table.add(row);
  }
  return table.text();
}

std::string activations_table(const Measures& measures) {
  std::vector<std::string> header = {"block", "kind"};
  for (size_t m = kLargestBlock; m < kLayerMeasures; ++m) header.emplace_back(kLayerDefinitions[m].column);
  TextTable table(header, 2);
  for (size_t i = 0; i < measures.layers.size(); ++i) {
    auto row = row_of_block(measures.layers[i]);
    for (size_t m = kLargestBlock; m < kLayerMeasures; ++m)
      row.push_back(cell(mean_of(measures.layers[i], LayerMeasure(m))));
    table.add(row);
  }
  return table.text() + "last projection: cosine of neighbouring patches " +
         cell(mean_of(measures, kTokensProjection)) + ", largest " +
         cell(mean_of(measures, kLargestProjection)) + "\n";
}

std::string groups_table(const Measures& measures) {
  std::vector<size_t> groups;
  for (size_t group = 0; group < kTokenGroups; ++group) {
    double mass = 0;
    for (const LayerMeasures& layer : measures.layers)
      mass += layer.between.select(2, int64_t(group)).nansum().item<double>();
    if (mass > 0) groups.push_back(group);
  }
  std::vector<std::string> header = {"block", "kind"};
  for (const size_t group : groups) header.emplace_back(std::string("to ") + kNamesOf<TokenGroup>[group]);
  TextTable table(header, 2);
  for (size_t i = 0; i < measures.layers.size(); ++i) {
    auto row = row_of_block(measures.layers[i]);
    // Of patches that are no corner: most queries.
    const at::Tensor patches = measures.layers[i].between.select(1, int64_t(TokenGroup::kPatch));
    for (const size_t group : groups) {
      const at::Tensor heads = patches.select(1, int64_t(group));
      row.push_back(cell(heads.mean().item<double>(), heads.std(/*unbiased=*/false).item<double>()));
    }
    table.add(row);
  }
  return table.text();
}

std::string levels_table(const std::vector<Observed>& inspections, HeadMeasure measure) {
  std::vector<std::string> header = {"block", "kind"};
  for (const Observed& inspection : inspections) header.push_back("t " + level_text(inspection.t));
  TextTable table(header, 2);
  const Measures& first = inspections.front().measures;
  for (size_t i = 0; i < first.layers.size(); ++i) {
    auto row = row_of_block(first.layers[i]);
    for (const Observed& inspection : inspections)
      row.push_back(cell(mean_of(inspection.measures.layers[i], measure)));
    table.add(row);
  }
  return table.text();
}

std::string comparison_table(const NetworkComparison& comparison) {
  TextTable table({"", "this", "against", "difference", "standard error"});
  for (size_t i = 0; i < kHeadMeasures; ++i) {
    const MeasureDifference& d = comparison.all[i];
    table.add({kHeadDefinitions[i].name, cell(d.a), cell(d.b), cell(d.difference), cell(d.error)});
  }
  return table.text();
}

std::string suppression_table(const Suppression& suppression, const ModelOptions& model) {
  std::string text;
  const auto depth = int64_t(suppression.top.size()) - 1;
  for (int64_t i = 0; i <= depth; ++i) {
    if (suppression.top[size_t(i)].empty()) continue;
    std::vector<std::string> names;
    for (const int64_t token : suppression.top[size_t(i)]) names.push_back(token_name(model, token));
    text += block_name(i, depth) + ": " + join(names, "; ") + "\n";
  }
  TextTable table({"", "loss", "without these", "more by", "without as many at random", "more by"});
  for (const SuppressedLoss& level : suppression.levels) {
    table.add({"t " + level_text(level.t), cell(level.loss), cell(level.without_top),
               cell(level.without_top - level.loss, level.top_error), cell(level.without_random),
               cell(level.without_random - level.loss, level.random_error)});
  }
  text += table.text();
  if (suppression.frechet_images > 0)
    text +=
        c10::str("Frechet distance of ", suppression.frechet_images,
                 " samples: ", cell(suppression.frechet[0]), "; without these ", cell(suppression.frechet[1]),
                 "; without as many at random ", cell(suppression.frechet[2]), "\n");
  return text;
}

std::string training_table(const std::vector<std::pair<int64_t, Observed>>& checkpoints) {
  std::vector<std::string> header = {"step", "loss"};
  for (const HeadMeasure measure : kShown) header.emplace_back(kHeadDefinitions[measure].column);
  TextTable table(header, 0);
  for (const auto& [step, inspection] : checkpoints) {
    std::vector<std::string> row = {std::to_string(step), cell(inspection.losses.mean().item<double>())};
    for (const HeadMeasure measure : kShown) row.push_back(cell(over_blocks(inspection.measures, measure)));
    table.add(row);
  }
  return table.text();
}

}  // namespace uvic
