#include "data/loader.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>

#include "core/errors.h"
#include "core/log.h"
#include "core/random.h"
#include "data/caption_ids.h"

namespace uvic {
namespace {

// `rows` = C H rows of W bytes; a plain loop, as an ATen operator a worker would bring a thread pool of its
// own.
void convert(const uint8_t* from, int64_t rows, int64_t width, bool flip, float* to) {
  for (int64_t row = 0; row < rows; ++row, from += width, to += width) {
    for (int64_t x = 0; x < width; ++x) to[x] = float(from[x]) / 127.5F - 1.0F;
    if (flip) std::reverse(to, to + width);
  }
}

}  // namespace

DataLoader::DataLoader(std::shared_ptr<const Dataset> dataset, const DataOptions& options, uint64_t seed,
                       const SliceSequence& slices, int64_t first_step, int64_t last_step,
                       CaptionUse captions)
    : dataset_(std::move(dataset)),
      order_(seed, dataset_->size()),
      captions_(std::move(captions)),
      latents_(dataset_->latents().has_value()),
      random_flip_(mirrors(options, *dataset_)),
      skip_unreadable_(options.on_error == OnError::kSkip),
      seed_(seed),
      batches_([this, slices](int64_t index) { return prepare(slices[index]); }, first_step * slices.rounds,
               last_step * slices.rounds, options.workers, 2 * options.workers + 2) {
  TORCH_CHECK(slices.count > 0 && options.workers > 0, "batch_size and workers must be positive, got ",
              slices.count, " and ", options.workers);
  TORCH_CHECK(0 <= first_step && first_step <= last_step, "steps ", first_step, " to ", last_step);
  TORCH_CHECK(!captions_.wanted || dataset_->captions() != nullptr,
              "DataLoader: the images have no captions");
}

Batch DataLoader::prepare(const Slice& slice) const {
  const auto [channels, height, width] = dataset_->image_shape();
  Batch batch{.slice = slice,
              .images = at::empty({slice.count, channels, height, width}, at::kFloat),
              .labels = at::empty({slice.count}, at::kLong)};
  auto* images = batch.images.mutable_data_ptr<float>();
  auto* labels = batch.labels.mutable_data_ptr<int64_t>();
  std::vector<int64_t> indexes;
  for (int64_t i = 0; i < slice.count; ++i, images += channels * height * width) {
    const int64_t g = slice.position(i);
    indexes.push_back(latents_ ? read_latents(g, images) : read_pixels(g, images));
    labels[i] = dataset_->label(indexes.back());
  }
  if (captions_.wanted) read_captions(indexes, batch);
  return batch;
}

bool DataLoader::flips(int64_t g) const {
  return random_flip_ && CounterRandom(seed_, RandomStream::kFlip, static_cast<uint64_t>(g)).uniform() < 0.5F;
}

int64_t DataLoader::read_pixels(int64_t g, float* to) const {
  const auto [channels, height, width] = dataset_->image_shape();
  const auto [index, image] = read(g);
  TORCH_CHECK(image.sizes() == at::IntArrayRef({channels, height, width}), "image ", index, " is ",
              image.sizes());
  convert(image.const_data_ptr<uint8_t>(), channels * height, width, flips(g), to);
  return index;
}

int64_t DataLoader::read_latents(int64_t g, float* to) const {
  const int64_t index = order_.index_at(g);
  const at::Tensor moments = dataset_->moments(index, flips(g)).contiguous();
  const int64_t count = moments.numel() / 2;
  const auto* mean = moments.const_data_ptr<float>();
  CounterRandom(seed_, RandomStream::kLatent, static_cast<uint64_t>(g)).fill_normal({to, size_t(count)});
  for (int64_t i = 0; i < count; ++i) to[i] = mean[i] + mean[count + i] * to[i];
  return index;
}

void DataLoader::read_captions(const std::vector<int64_t>& indexes, Batch& batch) const {
  const Captions& captions = *dataset_->captions();
  for (size_t i = 0; i < indexes.size(); ++i) {
    const auto g = static_cast<uint64_t>(batch.slice.position(int64_t(i)));
    const auto count = uint64_t(captions.count(indexes[i]));
    const auto drawn = int64_t(CounterRandom(seed_, RandomStream::kCaption, g).below(count));
    const at::Tensor row = captions_.tokenizer
                               ? caption_ids(captions, indexes[i], drawn, *captions_.tokenizer)
                               : captions.states(indexes[i], drawn).contiguous();
    if (!batch.context.defined()) {
      std::vector<int64_t> shape = row.sizes().vec();
      shape.insert(shape.begin(), int64_t(indexes.size()));
      batch.context = at::empty(shape, row.options());
    }
    TORCH_CHECK(row.nbytes() * indexes.size() == batch.context.nbytes(), "the context of image ", indexes[i],
                " is ", row.sizes());
    std::memcpy(static_cast<char*>(batch.context.mutable_data_ptr()) + i * row.nbytes(), row.const_data_ptr(),
                row.nbytes());
  }
}

/// The image of stream position g and its index; a stand-in and its index if it cannot be decoded.
std::pair<int64_t, at::Tensor> DataLoader::read(int64_t g) const {
  const int64_t size = dataset_->size();
  int64_t index = order_.index_at(g);
  for (int64_t tries = 1;; ++tries, index = (index + 1) % size) {
    check_usage(tries <= size, "none of the ", size, " images can be decoded");
    if (known_unreadable(index)) continue;
    try {
      CounterRandom random(seed_, RandomStream::kCrop, static_cast<uint64_t>(g));
      return {index, dataset_->augmented(index, random).contiguous()};
    } catch (const UsageError& error) {
      if (!skip_unreadable_) throw;
      const std::lock_guard lock(mutex_);
      if (unreadable_.insert(index).second) {
        log_warning("skipped ", error.what(), " (", unreadable_.size(), " skipped so far)");
      }
    }
  }
}

bool DataLoader::known_unreadable(int64_t index) const {
  const std::lock_guard lock(mutex_);
  return unreadable_.contains(index);
}

int64_t DataLoader::unreadable() const {
  const std::lock_guard lock(mutex_);
  return int64_t(unreadable_.size());
}

Batch DataLoader::next() {
  TORCH_CHECK(!batches_.done(), "the loader has no more steps");
  return batches_.next();
}

}  // namespace uvic
