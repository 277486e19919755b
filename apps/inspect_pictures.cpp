#include "inspect_pictures.h"

#include <ATen/ATen.h>

#include <cmath>
#include <cstdio>
#include <filesystem>

#include "core/errors.h"
#include "core/log.h"
#include "inspect/attention_maps.h"
#include "inspect/heat_map.h"
#include "inspect/text_table.h"
#include "io/grid.h"
#include "io/png.h"

namespace uvic {
namespace {

using at::Tensor;

constexpr HeadMeasure kMapped[] = {kNegativeMass, kRowSum, kEntropy, kEffectiveRank, kTopAttention};

void save(const InspectOptions& options, const std::string& name, const Tensor& picture) {
  std::filesystem::create_directories(options.pictures);
  const std::string path = options.pictures + "/" + name + ".png";
  save_png(path, picture);
  log_info("wrote ", path);
}

std::vector<std::string> block_names(const Measures& measures) {
  std::vector<std::string> names;
  for (const LayerMeasures& layer : measures.layers) names.push_back(layer.name);
  return names;
}

std::string title(HeadMeasure measure) {
  switch (measure) {
    case kNegativeMass:
      return "share of |W| that is negative";
    case kRowSum:
      return "sum of a row of W";
    case kEntropy:
      return "entropy of |W|, nats";
    case kEffectiveRank:
      return "effective rank of W";
    default:
      return "mean |W| to the head's favourite token";
  }
}

// "images, t 0.1 to 0.9".
std::string range_text(const std::vector<Observed>& inspections) {
  const Observed &first = inspections.front(), &last = inspections.back();
  if (std::isnan(first.t)) return first.source;
  return first.source + ", t " + level_text(first.t) +
         (inspections.size() > 1 ? " to " + level_text(last.t) : "");
}

std::vector<std::string> level_names(const std::vector<Observed>& inspections) {
  std::vector<std::string> names;
  for (const Observed& inspection : inspections)
    names.push_back(std::isnan(inspection.t) ? inspection.source : "t " + level_text(inspection.t));
  return names;
}

// [blocks, levels]: the mean over tokens of a group of their incoming mass, in multiples of 1 / N.
Tensor incoming_of(const std::vector<Observed>& inspections, const Tensor& members) {
  std::vector<Tensor> levels;
  for (const Observed& inspection : inspections) {
    std::vector<Tensor> blocks;
    for (const LayerMeasures& layer : inspection.measures.layers)
      blocks.push_back(layer.incoming.masked_select(members).mean() * double(members.numel()));
    levels.push_back(at::stack(blocks));
  }
  return at::stack(levels, 1);
}

}  // namespace

int64_t query_of(const ModelOptions& model, const InspectOptions& options) {
  const auto [rows, columns] = model.grid();
  long row = rows / 2, column = columns / 2;
  char rest = 0;
  if (!options.patch.empty()) {
    check_usage(std::sscanf(options.patch.c_str(), "%ld,%ld%c", &row, &column, &rest) == 2 && row >= 0 &&
                    row < rows && column >= 0 && column < columns,
                "--patch '", options.patch, "': must be ROW,COLUMN, from 0,0 to ", rows - 1, ",",
                columns - 1);
  }
  return model.extras() + row * columns + column;
}

void write_heat_maps(const ModelOptions& model, const std::vector<Observed>& inspections,
                     const InspectOptions& options) {
  std::vector<const Measures*> all;
  for (const Observed& inspection : inspections) all.push_back(&inspection.measures);
  const Measures mean = mean_of(all);
  const auto blocks = block_names(mean);
  const std::string of = inspections.front().source;
  std::vector<std::string> heads;
  for (int64_t head = 0; head < mean.layers.front().heads.size(1); ++head)
    heads.push_back(std::to_string(head));
  for (const HeadMeasure measure : kMapped) {
    std::vector<Tensor> by_head, by_level;
    for (const LayerMeasures& layer : mean.layers) by_head.push_back(means_of_heads(layer, measure));
    if (at::stack(by_head).isnan().all().item<bool>()) continue;  // no effective ranks
    const bool is_signed = measure == kRowSum;
    const std::string name = kHeadDefinitions[measure].name;
    save(options, "blocks-heads-" + name + "-" + of,
         draw_heat_map({.title = title(measure) + " (" + range_text(inspections) + ")",
                        .rows_title = "block",
                        .columns_title = "head",
                        .rows = blocks,
                        .columns = heads,
                        .values = at::stack(by_head),
                        .is_signed = is_signed}));
    for (const Observed& inspection : inspections) {
      std::vector<Tensor> column;
      for (const LayerMeasures& layer : inspection.measures.layers)
        column.push_back(at::scalar_tensor(mean_of(layer, measure), at::kDouble));
      by_level.push_back(at::stack(column));
    }
    save(options, "blocks-times-" + name + "-" + of,
         draw_heat_map({.title = title(measure) + " (" + of + ")",
                        .rows_title = "block",
                        .columns_title = "noise level",
                        .rows = blocks,
                        .columns = level_names(inspections),
                        .values = at::stack(by_level, 1),
                        .is_signed = is_signed}));
  }
  const Tensor groups = token_groups(model, 1)[0];
  for (size_t group = 0; group < kTokenGroups; ++group) {
    const Tensor members = groups.eq(int64_t(group));
    if (!members.any().item<bool>()) continue;
    const std::string name = kNamesOf<TokenGroup>[group];
    save(options, "incoming-" + name + "-" + of,
         draw_heat_map({.title = "mean |W| to a " + name + " token, in multiples of 1 / N (" + of + ")",
                        .rows_title = "block",
                        .columns_title = "noise level",
                        .rows = blocks,
                        .columns = level_names(inspections),
                        .values = incoming_of(inspections, members),
                        .is_signed = false}));
  }
  save(options, "incoming-maps-" + of,
       draw_incoming_maps(model, inspections, "mean |W| to each patch, in multiples of 1 / N (" + of + ")"));
}

void write_attention_maps(const Subject& subject, const std::vector<InputSet>& inputs, const Tensor& pictures,
                          const InspectOptions& options) {
  const ModelOptions& model = subject.model();
  const int64_t query = query_of(model, options), patch = query - model.extras(), columns = model.grid()[1];
  check_usage(options.map_image < pictures.size(0), "--map-image ", options.map_image,
              ": there are images 0 to ", pictures.size(0) - 1);
  Tensor shown = pictures[options.map_image].to(at::kCPU);
  if (shown.size(0) != 1 && shown.size(0) != 3) {  // latents
    shown = shown.mean(0, /*keepdim=*/true);
    shown = (shown - shown.mean()) / (2 * shown.std() + 1e-6);
  }
  for (const InputSet& level : inputs) {
    const std::string at_level = std::isnan(level.t) ? "" : "t " + level_text(level.t);
    const auto weights = weights_of_query(subject.network, level, options.map_image, query);
    const std::string name = std::isnan(level.t) ? level.source : level.source + "-t" + level_text(level.t);
    save(options, "attention-" + name,
         draw_attention_maps(model, weights, query, to_uint8(shown),
                             c10::str("W of patch ", patch / columns, ",", patch % columns, ", ",
                                      level.source == "images" ? "image " : "input ", options.map_image,
                                      at_level.empty() ? "" : ", ", at_level)));
  }
}

void write_training_maps(const std::vector<std::pair<int64_t, Observed>>& checkpoints,
                         const InspectOptions& options) {
  std::vector<std::string> steps;
  for (const auto& [step, inspection] : checkpoints) steps.push_back(std::to_string(step));
  for (const HeadMeasure measure : kMapped) {
    std::vector<Tensor> by_step;
    for (const auto& [step, inspection] : checkpoints) {
      std::vector<Tensor> column;
      for (const LayerMeasures& layer : inspection.measures.layers)
        column.push_back(at::scalar_tensor(mean_of(layer, measure), at::kDouble));
      by_step.push_back(at::stack(column));
    }
    save(options, std::string("blocks-steps-") + kHeadDefinitions[measure].name,
         draw_heat_map({.title = title(measure) + " as training goes on",
                        .rows_title = "block",
                        .columns_title = "step",
                        .rows = block_names(checkpoints.front().second.measures),
                        .columns = steps,
                        .values = at::stack(by_step, 1),
                        .is_signed = measure == kRowSum}));
  }
}

}  // namespace uvic
