#include "inspect/attention_maps.h"

#include <ATen/ATen.h>
#include <c10/util/StringUtil.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "inspect/drawing.h"
#include "inspect/text_table.h"
#include "io/mat.h"
#include "kernels/attention_weights.h"
#include "nn/placement.h"

namespace uvic {
namespace {

using at::Tensor;

constexpr int kTile = 104, kSpace = 8, kTop = 76, kLeft = 158, kStrip = 12, kBarRoom = 110;
constexpr int64_t kMostExtras = 8;

class QueryCatcher : public NetworkObserver {
 public:
  explicit QueryCatcher(int64_t query) : query_(query) {}
  void attention(AttentionInputs& inputs) override {
    const Tensor q = inputs.q[0].narrow(1, query_, 1).to(at::kCPU, at::kDouble);  // [H, 1, D]
    const Tensor k = inputs.k[0].to(at::kCPU, at::kDouble);
    caught.kinds.push_back(inputs.kind);
    caught.weights.push_back(
        attention_weights(inputs.kind, at::matmul(q * inputs.scale, k.transpose(-2, -1))).squeeze(1));
  }
  QueryWeights caught;

 private:
  int64_t query_;
};

// A picture as large as a tile, RGB.
cv::Mat tile_of(const Tensor& picture) {
  cv::Mat tile;
  cv::resize(mat_of(picture), tile, {kTile, kTile}, 0, 0,
             picture.size(1) < kTile ? cv::INTER_NEAREST : cv::INTER_AREA);
  return tile;
}

// The part of a tile that a patch takes.
cv::Rect patch_place(const ModelOptions& model, int64_t patch) {
  const auto [rows, columns] = model.grid();
  const auto at = [](int64_t i, int64_t n) { return int(i * kTile / n); };
  const int64_t row = patch / columns, column = patch % columns;
  return {cv::Point(at(column, columns), at(row, rows)),
          cv::Point(at(column + 1, columns), at(row + 1, rows))};
}

// Colours over a pale grey picture, the stronger the larger |value| / most.
void paint(cv::Mat tile, const ModelOptions& model, const double* values, double most) {
  const ColourScale scale{-1, 1, true};
  for (int64_t patch = 0; patch < model.num_patches(); ++patch) {
    const double share = most > 0 ? values[patch] / most : 0, strength = std::abs(share);
    const cv::Scalar colour = scale.colour(share < 0 ? -1 : 1);
    cv::Mat part = tile(patch_place(model, patch));
    cv::addWeighted(part, 1 - strength, cv::Mat(part.size(), CV_8UC3, colour), strength, 0, part);
  }
}

cv::Mat pale(const cv::Mat& tile) {
  cv::Mat grey, pale;
  cv::cvtColor(tile, grey, cv::COLOR_RGB2GRAY);
  cv::cvtColor(grey, pale, cv::COLOR_GRAY2RGB);
  pale.convertTo(pale, -1, 0.22, 0.78 * 255);
  return pale;
}

void draw_extras(cv::Mat& picture, const double* values, int64_t extras, double most, cv::Point place) {
  const ColourScale scale{-most, most, true};
  for (int64_t i = 0; i < extras; ++i) {
    const cv::Rect cell(place.x + int(i) * (kStrip + 2), place.y, kStrip, kStrip - 1);
    picture(cell).setTo(scale.colour(values[i]));
    cv::rectangle(picture, cell, {150, 150, 150});
  }
}

std::string extras_text(const ModelOptions& model) {
  return std::string(model.conditional() ? "label, " : "") + "time" + (model.has_context() ? ", text" : "");
}

void frame(cv::Mat& picture, const cv::Rect& place) {
  cv::rectangle(picture, place, {0, 0, 0}, 2);
  cv::rectangle(picture, place, {255, 220, 0}, 1);
}

}  // namespace

QueryWeights weights_of_query(const Network& network, const InputSet& inputs, int64_t image, int64_t query) {
  QueryCatcher catcher(query);
  const ObserverScope scope(catcher);
  inputs.run(network, image, 1);
  return catcher.caught;
}

Tensor draw_attention_maps(const ModelOptions& model, const QueryWeights& weights, int64_t query,
                           const Tensor& picture, const std::string& title) {
  const auto blocks = int64_t(weights.weights.size());
  const int heads = int(weights.weights.front().size(0));
  const int64_t extras = model.extras(), shown = extras <= kMostExtras ? extras : 0;
  const int strip = shown > 0 ? kStrip + 2 : 0, row_height = kTile + strip + kSpace;
  const int columns_at = kLeft + kTile + 3 * kSpace;
  const int width = std::max(columns_at + heads * (kTile + kSpace) + kBarRoom, text_width(title, 0.55) + 20);
  cv::Mat all = blank(kTop + int(blocks) * row_height + 16, width);
  write_text(all, title, {10, 22}, Align::kLeft, 0.55);
  if (shown > 0)
    write_text(all, "small squares: " + extras_text(model) + "; each block by its largest |W| of a patch",
               {10, 44}, Align::kLeft);
  for (int head = 0; head < heads; ++head)
    write_text(all, c10::str("head ", head), {columns_at + head * (kTile + kSpace) + kTile / 2, kTop - 8},
               Align::kCentre);
  const cv::Mat tile = tile_of(picture), ground = pale(tile);
  cv::Mat front = all({kLeft, kTop + strip, kTile, kTile});
  tile.copyTo(front);
  frame(front, patch_place(model, query - extras));
  for (int64_t block = 0; block < blocks; ++block) {
    const Tensor w = weights.weights[size_t(block)].contiguous();
    const double most = w.slice(1, extras).abs().max().item<double>();
    const int y = kTop + int(block) * row_height;
    write_text(all, block_name(block, blocks - 1), {12, y + strip + 40}, Align::kLeft);
    write_text(all, Choice<AttentionKind>(weights.kinds[size_t(block)]).name(), {12, y + strip + 60},
               Align::kLeft);
    write_text(all, "most |W| " + cell(most), {12, y + strip + 80}, Align::kLeft);
    for (int head = 0; head < heads; ++head) {
      const auto* values = w.const_data_ptr<double>() + head * w.size(1);
      const cv::Point corner(columns_at + head * (kTile + kSpace), y + strip);
      cv::Mat map = all({corner.x, corner.y, kTile, kTile});
      ground.copyTo(map);
      paint(map, model, values + extras, most);
      cv::rectangle(all, {corner.x, corner.y, kTile, kTile}, {150, 150, 150});
      frame(map, patch_place(model, query - extras));
      draw_extras(all, values, shown, most, {corner.x, y});
    }
  }
  const cv::Rect bar(columns_at + heads * (kTile + kSpace) + 12, kTop + strip, 16,
                     std::min(row_height * int(blocks), 220) - strip - kSpace);
  draw_colour_bar(all, {-1, 1, true}, bar);
  write_text(all, "W / most |W|", {bar.x, kTop - 8}, Align::kLeft, 0.35);
  return picture_of(all);
}

Tensor draw_incoming_maps(const ModelOptions& model, const std::vector<Observed>& inspections,
                          const std::string& title) {
  const auto blocks = int(inspections.front().measures.layers.size()), levels = int(inspections.size());
  const auto N = double(model.num_tokens());
  std::vector<Tensor> all_values;
  for (const Observed& inspection : inspections) {
    for (const LayerMeasures& layer : inspection.measures.layers)
      all_values.push_back(layer.incoming.slice(0, model.extras()) * N);
  }
  ColourScale scale = ColourScale::around(at::stack(all_values), false);
  scale.low = 0;
  constexpr int kRoom = 70;
  const int width = std::max(kRoom + blocks * (kTile + kSpace) + kBarRoom, text_width(title, 0.55) + 20);
  cv::Mat all = blank(kTop + levels * (kTile + kSpace) + 16, width);
  write_text(all, title, {10, 22}, Align::kLeft, 0.55);
  write_text(all, "1: what every token would get if attention were spread evenly", {10, 44}, Align::kLeft);
  for (int block = 0; block < blocks; ++block)
    write_text(all, inspections.front().measures.layers[size_t(block)].name,
               {kRoom + block * (kTile + kSpace) + kTile / 2, kTop - 8}, Align::kCentre);
  for (int level = 0; level < levels; ++level) {
    const int y = kTop + level * (kTile + kSpace);
    write_text(all, "t " + level_text(inspections[size_t(level)].t), {kRoom - 8, y + kTile / 2},
               Align::kRight);
    for (int block = 0; block < blocks; ++block) {
      const Tensor& values = all_values[size_t(level * blocks + block)];
      cv::Mat map = all({kRoom + block * (kTile + kSpace), y, kTile, kTile});
      for (int64_t patch = 0; patch < model.num_patches(); ++patch)
        map(patch_place(model, patch)).setTo(scale.colour(values.const_data_ptr<double>()[patch]));
    }
  }
  draw_colour_bar(
      all, scale,
      {kRoom + blocks * (kTile + kSpace) + 12, kTop, 16, std::min(levels * (kTile + kSpace) - kSpace, 240)});
  return picture_of(all);
}

}  // namespace uvic
