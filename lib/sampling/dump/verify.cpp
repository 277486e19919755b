#include "sampling/dump/verify.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/errors.h"
#include "core/progress.h"
#include "core/random.h"
#include "io/grid.h"
#include "sampling/dump/request.h"
#include "sampling/finite.h"

namespace uvic {

std::vector<size_t> draw_indices(size_t n, size_t count, uint64_t seed) {
  const auto order = permutation(seed, 0, int64_t(n));
  std::vector<size_t> indices(order.begin(), order.begin() + long(std::min(n, count)));
  std::sort(indices.begin(), indices.end());
  return indices;
}

Inspection inspect_dump(DumpReader& reader, const std::vector<size_t>& wanted) {
  Inspection result;
  const auto note = [&](const auto& step) {
    try {
      step();
    } catch (const UsageError& error) {
      result.problems.emplace_back(error.what());
    }
  };
  ProgressBar bar("reading", "images", int64_t(reader.manifest().seeds.size()));
  for (size_t i = 0; i < reader.manifest().seeds.size(); ++i) {
    bar.update(int64_t(i));
    note([&] {
      const std::string stored = reader.read(i);
      if (std::binary_search(wanted.begin(), wanted.end(), i))
        result.pixels[i] =
            stored_pixels(reader.manifest(), stored,
                          c10::str(reader.path().string(), ": seed ", reader.manifest().seeds[i]));
    });
    // An .npz is one stream: past its first error there is nothing to read.
    if (!result.problems.empty() && !holds_png(reader.manifest().format)) return result;
  }
  note([&] { reader.finish(); });
  return result;
}

Comparison regenerate_and_compare(const DumpPlan& plan, const std::map<size_t, at::Tensor>& pixels,
                                  const Sampler& sampler, const PromptRows& rows_of) {
  std::vector<size_t> indices;
  std::vector<at::Tensor> stored;
  for (const auto& [index, image] : pixels) {
    indices.push_back(index);
    stored.push_back(image);
  }
  const SampleRequest request = request_of(plan, indices, rows_of);
  const at::Tensor images = sampler.sample(request), made = to_uint8(images);
  Comparison result{.images = stored.size()};
  FiniteCheck finite(request.seeds);
  finite.add(images);
  if (finite.any_bad()) result.not_finite = finite.text(sampler.plan().options.precision, "--precision");
  int64_t differing = 0;
  for (size_t i = 0; i < stored.size(); ++i) {
    const at::Tensor distance = (stored[i].to(at::kShort) - made[int64_t(i)].to(at::kShort)).abs();
    const auto changed = at::count_nonzero(distance).item<int64_t>();
    result.equal += changed == 0;
    differing += changed;
    result.largest = std::max(result.largest, distance.max().item<int64_t>());
  }
  result.share = made.numel() > 0 ? double(differing) / double(made.numel()) : 0;
  return result;
}

}  // namespace uvic
