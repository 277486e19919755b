#include "data/cache.h"

#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <vector>

#include "core/text.h"

namespace uvic {
namespace {

enum State : uint8_t { kAbsent, kBusy, kReady };

class CachedDataset : public Dataset {
 public:
  /// `keep` false: passes everything on, but for the note at the end of the description.
  CachedDataset(std::shared_ptr<const Dataset> dataset, bool keep, std::string note)
      : dataset_(std::move(dataset)), note_(std::move(note)), states_(keep ? size_t(dataset_->size()) : 0) {
    const auto [C, H, W] = dataset_->image_shape();
    image_bytes_ = size_t(C * H * W);
    // calloc: pages are taken from the system as they are written.
    if (keep) bytes_.reset(static_cast<uint8_t*>(std::calloc(states_.size(), image_bytes_)));
    if (keep && !bytes_) throw std::bad_alloc();
  }
  int64_t size() const override { return dataset_->size(); }
  ImageShape image_shape() const override { return dataset_->image_shape(); }
  int64_t num_classes() const override { return dataset_->num_classes(); }
  std::vector<std::string> class_names() const override { return dataset_->class_names(); }
  int64_t label(int64_t index) const override { return dataset_->label(index); }
  std::string name(int64_t index) const override { return dataset_->name(index); }
  const Captions* captions() const override { return dataset_->captions(); }
  std::string describe() const override { return dataset_->describe() + note_; }
  DataIdentity identity() const override { return dataset_->identity(); }

  at::Tensor augmented(int64_t index, CounterRandom& random) const override {
    return bytes_ ? image(index) : dataset_->augmented(index, random);
  }
  at::Tensor image(int64_t index) const override {
    if (!bytes_) return dataset_->image(index);
    auto& state = states_.at(size_t(index));
    uint8_t* place = bytes_.get() + size_t(index) * image_bytes_;
    const auto shape = image_shape();
    if (state.load(std::memory_order_acquire) == kReady) return at::from_blob(place, shape, at::kByte);
    const at::Tensor image = dataset_->image(index).contiguous();
    uint8_t expected = kAbsent;  // of two threads with the same image one stores it
    if (state.compare_exchange_strong(expected, kBusy)) {
      std::memcpy(place, image.const_data_ptr(), image_bytes_);
      state.store(kReady, std::memory_order_release);
    }
    return image;
  }

 private:
  struct Free {
    void operator()(uint8_t* bytes) const { std::free(bytes); }
  };
  std::shared_ptr<const Dataset> dataset_;
  std::string note_;
  size_t image_bytes_;
  std::unique_ptr<uint8_t[], Free> bytes_;  // [size, C, H, W]
  mutable std::vector<std::atomic<uint8_t>> states_;
};

double bytes_of(const Dataset& dataset) {
  const auto [C, H, W] = dataset.image_shape();
  return double(dataset.size() * C * H * W);
}

/// Of `bytes`, where `available` are free and another cache will take `taken` of them; empty: nothing speaks
/// against a cache.
std::string why_no_cache(const DataOptions& options, double bytes, double available, double taken) {
  if (options.crop == Crop::kRandom) return "data.crop is random";
  if (options.cache == CacheUse::kNever) return "data.cache is never";
  if (options.cache == CacheUse::kAlways || bytes + taken <= available / 2) return "";
  const std::string other = taken > 0 ? " beside the " + format_bytes(taken) + " of the training images" : "";
  return c10::str("a cache would take ", format_bytes(bytes), other, " of ", format_bytes(available),
                  " of free memory");
}

double number_in(const char* file) {
  double value = std::numeric_limits<double>::infinity();
  std::ifstream(file) >> value;  // "max" leaves 0
  return value > 0 ? value : std::numeric_limits<double>::infinity();
}

}  // namespace

double available_memory() {
  double available = std::numeric_limits<double>::infinity(), kib = 0;
  std::ifstream meminfo("/proc/meminfo");
  for (std::string name; meminfo >> name;) {
    if (name == "MemAvailable:" && meminfo >> kib) available = kib * 1024;
  }
  const double limit = number_in("/sys/fs/cgroup/memory.max"),
               used = number_in("/sys/fs/cgroup/memory.current");
  return limit < available + used ? std::min(available, std::max(limit - used, 0.0)) : available;
}

std::shared_ptr<const Dataset> with_cache(std::shared_ptr<const Dataset> dataset, const DataOptions& options,
                                          double available_bytes, double taken_bytes) {
  const double bytes = bytes_of(*dataset);
  const std::string why_not = why_no_cache(options, bytes, available_bytes, taken_bytes);
  const std::string note = why_not.empty() ? "; once prepared, kept in memory (" + format_bytes(bytes) + ")"
                                           : "; prepared anew each time: " + why_not;
  return std::make_shared<CachedDataset>(std::move(dataset), why_not.empty(), note);
}

DataSets with_caches(DataSets data, const DataOptions& options, double available_bytes) {
  const double train = bytes_of(*data.train);
  const bool kept = why_no_cache(options, train, available_bytes, 0).empty();
  data.train = with_cache(std::move(data.train), options, available_bytes);
  if (data.validation)
    data.validation = with_cache(std::move(data.validation), options, available_bytes, kept ? train : 0);
  return data;
}

}  // namespace uvic
