#include "inspect/inspector.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "inspect/head_rows.h"
#include "kernels/attention_weights.h"

namespace uvic {
namespace {

using at::Tensor;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

bool sums_to_one(AttentionKind kind) {
  return kind == AttentionKind::kSoftmax || kind == AttentionKind::kCog;
}

// W of some queries of an image: q [..., n, D], k [..., N, D] -> [..., n, N].
Tensor weights_of(const AttentionInputs& inputs, const Tensor& q, const Tensor& k) {
  return attention_weights(inputs.kind, at::matmul(q * inputs.scale, k.transpose(-2, -1))).contiguous();
}

double effective_rank(const Tensor& weights) {
  const Tensor values = at::linalg_svdvals(weights);
  const Tensor shares = values / values.sum();
  return std::exp(-at::xlogy(shares, shares).sum().item<double>());
}

// 1 - the mean cosine of all pairs, of their inner products [H, H]; NaN for one head.
double mean_distance(const Tensor& products) {
  const int64_t H = products.size(0);
  if (H < 2) return kNone;
  const Tensor norms = products.diagonal().sqrt(), cosines = products / at::outer(norms, norms);
  return 1 - (cosines.sum() - cosines.trace()).item<double>() / double(H * (H - 1));
}

// [B, n, C] of two -> [B].
Tensor mean_cosine(const Tensor& a, const Tensor& b) {
  return at::cosine_similarity(a, b, -1, 1e-12).mean(1);
}
Tensor neighbours_cosine(const Tensor& x) {
  const int64_t n = x.size(1);
  if (n < 2) return at::full({x.size(0)}, kNone, x.options());
  return mean_cosine(x.narrow(1, 0, n - 1), x.narrow(1, 1, n - 1));
}
Tensor largest(const Tensor& x) {
  return x.abs().flatten(1).amax(1);
}

Tensor on_cpu(const Tensor& x) {
  return x.detach().to(at::kCPU, at::kDouble);
}

}  // namespace

struct Inspector::Layer {
  AttentionKind kind{};
  std::vector<Tensor> heads, distances, block, mlp;           // of each image or forward
  Tensor sinks, incoming, incoming_signed, between, queries;  // sums

  Layer(AttentionKind kind_, int64_t H, int64_t N) : kind(kind_) {
    const int64_t G = kTokenGroups;
    sinks = at::zeros({G}, at::kDouble);
    incoming = at::zeros({N}, at::kDouble);
    incoming_signed = at::zeros({N}, at::kDouble);
    between = at::zeros({H, G, G}, at::kDouble);
    queries = at::zeros({G}, at::kDouble);
  }
  void add_head(const HeadRows& rows, int64_t head, Tensor& values, const int64_t* groups);
};

// `values`: [H, kHeadMeasures] of the image.
void Inspector::Layer::add_head(const HeadRows& rows, int64_t head, Tensor& values, const int64_t* groups) {
  const auto n = double(rows.rows), H = double(between.size(0));
  const auto top = std::max_element(rows.incoming.begin(), rows.incoming.end());
  const double most = *top / n;
  if (most > kSinkThreshold) sinks[groups[top - rows.incoming.begin()]] += 1;
  auto value = values.accessor<double, 2>()[head];
  value[kNegativeCount] = rows.negative_count / n;
  value[kNegativeMass] = rows.negative_mass / n;
  value[kRowSum] = rows.row_sum / n;
  value[kMass] = rows.mass / n;
  value[kEntropy] = rows.entropy / n;
  value[kEntropyShifted] = rows.entropy_shifted / n;
  value[kTopAttention] = most;
  value[kSink] = most > kSinkThreshold ? 1 : 0;
  auto in = incoming.accessor<double, 1>(), in_signed = incoming_signed.accessor<double, 1>();
  for (int64_t j = 0; j < incoming.size(0); ++j) {
    in[j] += rows.incoming[size_t(j)] / (n * H);
    in_signed[j] += rows.incoming_signed[size_t(j)] / (n * H);
  }
  auto sums = between.accessor<double, 3>()[head];
  for (size_t from = 0; from < kTokenGroups; ++from) {
    for (size_t to = 0; to < kTokenGroups; ++to) sums[int64_t(from)][int64_t(to)] += rows.between[from][to];
    if (head == 0) queries[int64_t(from)] += double(rows.queries[from]);
  }
}

Inspector::Inspector(const ModelOptions& model, const InspectorOptions& options)
    : options_(options), extras_(model.extras()) {}
Inspector::~Inspector() = default;

void Inspector::expect(const Tensor& groups) {
  groups_ = groups.contiguous();
}

void Inspector::begin(const Tensor& x, const Tensor& /*timesteps*/) {
  TORCH_CHECK(groups_.defined() && groups_.size(0) == x.size(0), "the tokens of ", x.size(0),
              " images are to be told to an inspector");
  block_ = 0;
}

void Inspector::attention(AttentionInputs& inputs) {
  const int64_t H = inputs.q.size(1), N = inputs.q.size(2);
  if (layers_.size() == block_) layers_.emplace_back(inputs.kind, H, N);
  const AttentionInputs wide{inputs.kind, on_cpu(inputs.q), on_cpu(inputs.k), {}, inputs.scale};
  if (!(wide.q.isfinite().all() & wide.k.isfinite().all()).item<bool>())
    throw std::runtime_error(
        c10::str("block ", block_, ": its queries or keys are not finite; the weights are damaged"));
  for (int64_t image = 0; image < inputs.q.size(0); ++image) measure_image(layers_[block_], wide, image);
}

void Inspector::measure_image(Layer& layer, const AttentionInputs& inputs, int64_t image) {
  const Tensor q = inputs.q[image], k = inputs.k[image];  // [H, N, D]
  const int64_t H = q.size(0), N = q.size(1);
  const int64_t* groups = groups_.const_data_ptr<int64_t>() + image * N;
  std::vector<HeadRows> rows(static_cast<size_t>(H), HeadRows(N));
  Tensor products = at::zeros({H, H}, at::kDouble);
  for (int64_t first = 0; first < N; first += options_.chunk) {
    const int64_t count = std::min(options_.chunk, N - first);
    const Tensor weights = weights_of(inputs, q.narrow(1, first, count), k);
    const auto* data = weights.const_data_ptr<double>();
    at::parallel_for(0, H, 1, [&](int64_t begin, int64_t end) {
      for (int64_t h = begin; h < end; ++h)
        rows[size_t(h)].add(data + h * count * N, first, count, groups, sums_to_one(inputs.kind));
    });
    const Tensor flat = weights.view({H, count * N});
    products.addmm_(flat, flat.t());
  }
  Tensor values = at::full({H, kHeadMeasures}, kNone, at::kDouble);
  const bool ranked = options_.rank_images < 0 || images_ + image < options_.rank_images;
  for (int64_t h = 0; h < H; ++h) {
    layer.add_head(rows[size_t(h)], h, values, groups);
    if (ranked) values[h][kEffectiveRank] = effective_rank(weights_of(inputs, q[h], k[h]));
  }
  layer.heads.push_back(values);
  layer.distances.push_back(at::scalar_tensor(mean_distance(products), at::kDouble));
}

Tensor Inspector::patches(const Tensor& x) const {
  return x.slice(1, extras_);
}

// Of an output and that of the layer before, which it then takes the place of: largest, cosine with it,
// cosine of neighbouring patches: [B, 3].
Tensor Inspector::output_measures(const Tensor& x, Tensor& previous) const {
  const Tensor now = on_cpu(x);
  const Tensor layers =
      block_ == 0 ? at::full({now.size(0)}, kNone, at::kDouble) : mean_cosine(now, previous);
  previous = now;
  return at::stack({largest(now), layers, neighbours_cosine(patches(now))}, 1);
}

void Inspector::mlp(const Tensor& x) {
  layers_[block_].mlp.push_back(output_measures(x, previous_mlp_));
}

void Inspector::block(const Tensor& x) {
  layers_[block_].block.push_back(output_measures(x, previous_block_));
  ++block_;
}

void Inspector::projection(const Tensor& x) {
  const Tensor now = on_cpu(x);
  output_.push_back(at::stack({neighbours_cosine(patches(now)), largest(now)}, 1));
  images_ += now.size(0);
  groups_.reset();
}

Measures Inspector::finish() const {
  Measures measures{.layers = {}, .blocks = int64_t(layers_.size()), .output = {}};
  const auto images = double(images_);
  for (int64_t index = 0; index < measures.blocks; ++index) {
    const Layer& layer = layers_[size_t(index)];
    const Tensor block = at::cat(layer.block), mlp = at::cat(layer.mlp);
    const Tensor distances = at::stack(layer.distances);
    measures.layers.push_back(
        {.block = index,
         .name = block_name(index, measures.blocks - 1),
         .kind = layer.kind,
         .heads = at::stack(layer.heads),
         .layer = at::stack({distances, block.select(1, 0), mlp.select(1, 0), block.select(1, 1),
                             mlp.select(1, 1), block.select(1, 2), mlp.select(1, 2)},
                            1),
         .sinks = layer.sinks,
         .incoming = layer.incoming / images,
         .incoming_signed = layer.incoming_signed / images,
         .between = layer.between / layer.queries.view({1, -1, 1})});
  }
  measures.output = at::cat(output_);
  return measures;
}

}  // namespace uvic
