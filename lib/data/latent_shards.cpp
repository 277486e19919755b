#include "data/latent_shards.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/dtype.h"
#include "core/errors.h"
#include "core/log.h"
#include "core/text.h"
#include "io/digests.h"
#include "io/mapped_file.h"
#include "io/safetensors_header.h"
#include "io/tensor_file.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using Entry = SafetensorsHeader::Entry;

constexpr const char *kStats = "latents_stats.pt", *kLatents = "latents", *kFlipped = "latents_flip",
                     *kLabels = "labels";
constexpr int64_t kMostMeasured = 10'000;  // images, as LightningDiT's img_latent_dataset.py has it

/// One file of latents.
class Shard {
 public:
  explicit Shard(const fs::path& path) : file_(path) {
    InputFile input(path);
    header_ = read_safetensors_header(input);
    const Entry* latents = find(kLatents);
    check_usage(latents != nullptr, name(), ": has no tensor \"latents\", so it is no shard of latents");
    check_usage(latents->shape.size() == 4 && at::isFloatingType(latents->dtype), name(),
                ": tensor \"latents\" must be floating-point [n, C, H, W], is ", dtype_name(latents->dtype),
                " ", at::IntArrayRef(latents->shape));
    shape_ = {latents->shape[1], latents->shape[2], latents->shape[3]};
    size_ = latents->shape[0];
    const Entry* flipped = find(kFlipped);
    check_usage(
        flipped == nullptr || (flipped->shape == latents->shape && at::isFloatingType(flipped->dtype)),
        name(), ": tensor \"latents_flip\" is not as \"latents\" are");
    read_labels();
  }
  const std::string& name() const { return file_.name(); }
  int64_t size() const { return size_; }
  int64_t bytes() const { return int64_t(file_.bytes().size()); }
  const ImageShape& shape() const { return shape_; }
  bool holds(const char* tensor) const { return find(tensor) != nullptr; }
  const std::vector<int64_t>& labels() const { return labels_; }

  /// float32 [C, H, W].
  at::Tensor latents(int64_t index, bool flipped) const {
    const Entry& entry = *find(flipped ? kFlipped : kLatents);
    at::Tensor values = at::empty(shape_, entry.dtype);
    const size_t count = values.nbytes();
    std::memcpy(values.mutable_data_ptr(), data(entry) + size_t(index) * count, count);
    return values.to(at::kFloat);
  }

 private:
  const Entry* find(const std::string& name) const {
    const auto found = std::find_if(header_.entries.begin(), header_.entries.end(),
                                    [&](const Entry& entry) { return entry.name == name; });
    return found == header_.entries.end() ? nullptr : &*found;
  }
  const char* data(const Entry& entry) const { return file_.bytes().data() + header_.data + entry.begin; }

  void read_labels() {
    const Entry* labels = find(kLabels);
    if (labels == nullptr) return;
    check_usage(at::isIntegralType(labels->dtype, /*includeBool=*/false) &&
                    labels->shape == std::vector<int64_t>{size_},
                name(), ": tensor \"labels\" must be whole numbers [", size_, "], is ",
                dtype_name(labels->dtype), " ", at::IntArrayRef(labels->shape));
    at::Tensor values = at::empty(labels->shape, labels->dtype);
    std::memcpy(values.mutable_data_ptr(), data(*labels), values.nbytes());
    values = values.to(at::kLong);
    labels_.assign(values.const_data_ptr<int64_t>(), values.const_data_ptr<int64_t>() + size_);
    for (const int64_t label : labels_) check_usage(label >= 0, name(), ": has the label ", label);
  }

  MappedFile file_;
  SafetensorsHeader header_;
  ImageShape shape_{};
  int64_t size_ = 0;
  std::vector<int64_t> labels_;
};

class LatentShards : public Dataset {
 public:
  LatentShards(fs::path path, const std::vector<fs::path>& files) : path_(std::move(path)) {
    for (const fs::path& file : files) {
      const Shard& shard = *shards_.emplace_back(std::make_unique<Shard>(file));
      for (const char* tensor : {kFlipped, kLabels}) {
        check_usage(shard.holds(tensor) == shards_[0]->holds(tensor), shard.name(), ": ",
                    shard.holds(tensor) ? "has" : "has no", " tensor \"", tensor, "\", unlike ",
                    shards_[0]->name());
      }
      check_usage(shard.shape() == shards_[0]->shape(), shard.name(), ": its latents are ",
                  at::IntArrayRef(shard.shape()), ", not ", at::IntArrayRef(shards_[0]->shape()), " as in ",
                  shards_[0]->name());
      ends_.push_back((ends_.empty() ? 0 : ends_.back()) + shard.size());
      for (const int64_t label : shard.labels()) num_classes_ = std::max(num_classes_, label + 1);
    }
    check_usage(size() > 0, path_.string(), ": holds no latents");
    space_.channels = image_shape()[0];
    space_.downscale = 0;
  }
  int64_t size() const override { return ends_.back(); }
  ImageShape image_shape() const override { return shards_[0]->shape(); }
  int64_t num_classes() const override { return num_classes_; }
  std::optional<LatentSpace> latents() const override { return space_; }
  bool keeps_mirrored() const override { return shards_[0]->holds(kFlipped); }
  bool mirror_by_default() const override { return keeps_mirrored(); }
  at::Tensor image(int64_t /*index*/) const override {
    TORCH_CHECK(false, path_.string(), ": holds latents, not images");
  }
  at::Tensor moments(int64_t index, bool mirrored) const override {
    TORCH_CHECK(!mirrored || keeps_mirrored(), path_.string(), ": holds no latents of mirrored images");
    const auto [shard, i] = find(index);
    const at::Tensor sample = shard->latents(i, mirrored);
    return at::stack({sample, at::zeros_like(sample)});
  }
  int64_t label(int64_t index) const override {
    const auto [shard, i] = find(index);
    return shard->labels().empty() ? 0 : shard->labels()[size_t(i)];
  }
  std::string describe() const override {
    const auto [C, H, W] = image_shape();
    return c10::str(count_of(uint64_t(size()), "image"), " as latents ", C, "x", H, "x", W,
                    keeps_mirrored() ? ", mirrored ones beside them" : "", ", ",
                    num_classes_ == 0 ? "no classes" : c10::str(num_classes_, " classes"), ", ",
                    count_of(shards_.size(), "shard"), " in ", path_.string());
  }
  /// The name and the size of each file stand for what it holds, as those of images do in a folder.
  DataIdentity identity() const override {
    Sha256 hash, labels;
    for (const auto& shard : shards_) {
      hash.add(c10::str(fs::path(shard->name()).filename().string(), '\0', shard->bytes(), '\n'));
      labels.add(shard->labels().data(), shard->labels().size() * sizeof(int64_t));
    }
    const std::string labels_hash = labels.hex();
    hash.add(labels_hash + to_json(space_));
    return {size(),
            image_shape(),
            num_classes_,
            {},
            hash.hex(),
            images_per_class(*this),
            {{"labels", labels_hash}}};
  }

  void see_as(LatentSpace space) { space_ = std::move(space); }
  void read_stats(const fs::path& file);
  void measure();

 private:
  std::pair<const Shard*, int64_t> find(int64_t index) const {
    TORCH_CHECK(0 <= index && index < size(), "no image ", index, " of ", size());
    const auto at = size_t(std::upper_bound(ends_.begin(), ends_.end(), index) - ends_.begin());
    return {shards_[at].get(), index - (at == 0 ? 0 : ends_[at - 1])};
  }

  fs::path path_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<int64_t> ends_;  // images of all shards up to each
  int64_t num_classes_ = 0;
  LatentSpace space_;
};

void LatentShards::read_stats(const fs::path& file) {
  const TensorFile stats = load_tensor_file(file);
  const auto values = [&](const char* key) {
    const auto found = stats.tensors.find(key);
    check_usage(found != stats.tensors.end() && found->second.numel() == space_.channels, file.string(),
                ": must hold a \"", key, "\" of ", space_.channels, " values, one a channel");
    const at::Tensor flat = found->second.to(at::kDouble).contiguous();
    return std::vector<double>(flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel());
  };
  space_.mean = values("mean");
  space_.std = values("std");
}

void LatentShards::measure() {
  const int64_t count = std::min(size(), kMostMeasured);
  at::Tensor sum = at::zeros({space_.channels}, at::kDouble), squares = sum.clone();
  for (int64_t i = 0; i < count; ++i) {
    const auto [shard, at] = find(i * size() / count);
    const at::Tensor values = shard->latents(at, /*flipped=*/false).to(at::kDouble).flatten(1);
    sum += values.sum(1);
    squares += values.square().sum(1);
  }
  const auto n = double(count * image_shape()[1] * image_shape()[2]);
  for (int64_t c = 0; c < space_.channels; ++c) {
    const double mean = sum[c].item<double>() / n;
    const double variance = (squares[c].item<double>() - n * mean * mean) / std::max(n - 1, 1.0);
    space_.mean.push_back(mean);
    space_.std.push_back(std::sqrt(std::max(variance, 0.0)));
    check_usage(std::isfinite(mean) && variance > 0, path_.string(), ": channel ", c,
                " of the latents is constant or not finite");
  }
  log_info(path_.string(), ": no ", kStats, " beside the latents; mean and standard deviation measured over ",
           count_of(uint64_t(count), "image"));
}

std::vector<fs::path> shards_in(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
  }
  check_usage(!files.empty(), path.string(), ": no .safetensors in this folder");
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::shared_ptr<const Dataset> open_latent_shards(const fs::path& path, const Dataset* training) {
  check_usage(fs::exists(path), path.string(), ": no such file or folder");
  const auto files = shards_in(path);
  auto shards = std::make_shared<LatentShards>(path, files);
  const fs::path stats = files[0].parent_path() / kStats;
  if (training != nullptr && training->latents()) {
    shards->see_as(*training->latents());
  } else if (fs::exists(stats)) {
    shards->read_stats(stats);
  } else {
    shards->measure();
  }
  return shards;
}

}  // namespace uvic
