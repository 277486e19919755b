#include "inspect/json.h"

#include <ATen/ATen.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "nn/placement.h"

namespace uvic {
namespace {

using Json = nlohmann::ordered_json;
using at::Tensor;

Json list(const Tensor& x) {
  const Tensor values = x.to(at::kDouble).contiguous();
  const auto* data = values.const_data_ptr<double>();
  return Json(std::vector<double>(data, data + values.numel()));
}

Json head_json(const LayerMeasures& layer, int64_t head) {
  Json json = Json::object();
  for (size_t i = 0; i < kHeadMeasures; ++i)
    json[kHeadDefinitions[i].name] = means_of_heads(layer, HeadMeasure(i))[head].item<double>();
  return json;
}

const char* group_name(size_t group) {
  return kNamesOf<TokenGroup>[group];
}

Json sinks_json(const Tensor& sinks) {
  Json json = Json::object();
  const double all = sinks.sum().item<double>();
  for (size_t group = 0; group < kTokenGroups; ++group) {
    const double count = sinks[int64_t(group)].item<double>();
    if (count > 0) json[group_name(group)] = count / all;
  }
  return json;
}

// Only of groups that have queries and, of keys, some mass.
Json between_json(const Tensor& between) {
  Json json = Json::object();
  for (size_t from = 0; from < kTokenGroups; ++from) {
    const Tensor rows = between.select(1, int64_t(from));  // [H, G]
    if (rows.isnan().any().item<bool>()) continue;
    Json& row = json[group_name(from)] = Json::object();
    for (size_t to = 0; to < kTokenGroups; ++to) {
      const Tensor heads = rows.select(1, int64_t(to));
      if (heads.sum().item<double>() == 0) continue;
      row[group_name(to)] = {{"mean", heads.mean().item<double>()},
                             {"deviation", heads.std(/*unbiased=*/false).item<double>()}};
    }
  }
  return json;
}

Json difference_json(const std::array<MeasureDifference, kHeadMeasures>& differences) {
  Json json = Json::object();
  for (size_t i = 0; i < kHeadMeasures; ++i) {
    const MeasureDifference& d = differences[i];
    json[kHeadDefinitions[i].name] = {
        {"this", d.a}, {"against", d.b}, {"difference", d.difference}, {"standard_error", d.error}};
  }
  return json;
}

Json tokens_json(const TokensOfBlocks& tokens, const ModelOptions& model) {
  Json json = Json::array();
  for (const auto& block : tokens) {
    Json names = Json::array();
    for (const int64_t token : block) names.push_back(token_name(model, token));
    json.push_back(names);
  }
  return json;
}

}  // namespace

Json layers_json(const Measures& measures) {
  Json json = Json::array();
  for (const LayerMeasures& layer : measures.layers) {
    Json heads = Json::array();
    for (int64_t head = 0; head < layer.heads.size(1); ++head) heads.push_back(head_json(layer, head));
    Json block = {
        {"block", layer.name}, {"kind", Choice<AttentionKind>(layer.kind).name()}, {"heads", heads}};
    for (size_t m = 0; m < kLayerMeasures; ++m)
      block[kLayerDefinitions[m].name] = mean_of(layer, LayerMeasure(m));
    block["sinks"] = sinks_json(layer.sinks);
    block["incoming_mass"] = list(layer.incoming);
    block["incoming_signed"] = list(layer.incoming_signed);
    block["attention_by_group"] = between_json(layer.between);
    json.push_back(block);
  }
  return json;
}

Json inspection_json(const Observed& inspection) {
  Json json = {{"source", inspection.source}};
  if (!std::isnan(inspection.t)) json["t"] = inspection.t, json["timestep"] = inspection.timestep;
  json["images"] = inspection.measures.images();
  if (inspection.losses.defined()) json["loss"] = inspection.losses.mean().item<double>();
  for (size_t m = 0; m < kOutputMeasures; ++m)
    json["output"][kOutputDefinitions[m].name] = mean_of(inspection.measures, OutputMeasure(m));
  json["layers"] = layers_json(inspection.measures);
  return json;
}

Json comparison_json(const NetworkComparison& comparison) {
  Json json = {{"all", difference_json(comparison.all)}, {"layers", Json::array()}};
  for (const auto& layer : comparison.layers) json["layers"].push_back(difference_json(layer));
  return json;
}

Json suppression_json(const Suppression& suppression, const ModelOptions& model) {
  Json json = {{"k", suppression.k},
               {"draws", suppression.draws},
               {"top_tokens", tokens_json(suppression.top, model)},
               {"levels", Json::array()}};
  for (const SuppressedLoss& level : suppression.levels) {
    json["levels"].push_back({{"t", level.t},
                              {"loss", level.loss},
                              {"without_top", level.without_top},
                              {"top_standard_error", level.top_error},
                              {"without_random", level.without_random},
                              {"random_standard_error", level.random_error}});
  }
  if (suppression.frechet_images > 0)
    json["frechet"] = {{"images", suppression.frechet_images},
                       {"whole", suppression.frechet[0]},
                       {"without_top", suppression.frechet[1]},
                       {"without_random", suppression.frechet[2]}};
  return json;
}

Json definitions_json() {
  Json json = Json::object();
  const auto add = [&](const auto& definitions) {
    for (const Definition& definition : definitions) json[definition.name] = definition.text;
  };
  add(kHeadDefinitions);
  add(kLayerDefinitions);
  add(kOutputDefinitions);
  return json;
}

}  // namespace uvic
