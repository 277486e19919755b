#include "data/pack/dataset.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>

#include "core/errors.h"
#include "core/text.h"
#include "data/listing.h"
#include "data/name_list.h"
#include "data/pack/captions.h"
#include "data/pack/file.h"
#include "data/renumber.h"
#include "io/digests.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

class PackDataset : public Dataset {
 public:
  explicit PackDataset(std::shared_ptr<const PackFile> file)
      : file_(std::move(file)),
        classes_(file_->contents().num_classes),
        names_(file_->contents().class_names) {
    if (file_->contents().captions) captions_.emplace(file_);
  }
  int64_t size() const override { return file_->size(); }
  ImageShape image_shape() const override { return file_->contents().shape; }
  int64_t num_classes() const override { return classes_; }
  std::vector<std::string> class_names() const override { return names_; }
  std::string name(int64_t index) const override { return std::string(file_->name_of(index)); }
  int64_t label(int64_t index) const override {
    const int64_t label = file_->entry(index).label;
    return numbers_.empty() ? label : numbers_[size_t(label)];
  }
  at::Tensor image(int64_t index) const override {
    TORCH_CHECK(!latents(), file_->name(), ": holds latents, not images");
    return tensor(index, 0, image_shape());
  }
  const Captions* captions() const override { return captions_ ? &*captions_ : nullptr; }
  std::optional<LatentSpace> latents() const override { return file_->contents().latents; }
  bool keeps_mirrored() const override { return file_->contents().mirrored; }
  bool mirror_by_default() const override { return file_->contents().mirror_by_default; }
  at::Tensor moments(int64_t index, bool mirrored) const override {
    TORCH_CHECK(latents() && (!mirrored || keeps_mirrored()), file_->name(), ": holds no moments of ",
                mirrored ? "mirrored images" : "images");
    const auto [C, H, W] = image_shape();
    const int64_t values = 2 * C * H * W;
    return tensor(index, mirrored ? values * int64_t(c10::elementSize(file_->contents().dtype)) : 0,
                  {2, C, H, W})
        .to(at::kFloat);
  }
  std::string describe() const override {
    const PackContents& contents = file_->contents();
    std::string text = count_of(uint64_t(size()), "image");
    text += contents.latents
                ? c10::str(" as latents ", shape_text(contents.shape), " in ", pack_type_name(contents.dtype),
                           contents.mirrored ? ", mirrored ones beside them" : "")
                : " " + shape_text(contents.shape);
    text += ", " + classes_text();
    if (contents.captions)
      text += c10::str(", captions", contents.tokenizer.empty() ? "" : " (" + contents.tokenizer_text + ")",
                       contents.states_of.empty() ? "" : " and states of " + contents.states_of);
    return c10::str(text, ", pack ", file_->name());
  }
  DataIdentity identity() const override {
    Sha256 labels, captions;
    for (int64_t i = 0; i < size(); ++i) {
      const int64_t number = label(i);
      labels.add(&number, sizeof number);
      captions.add(&file_->entry(i).captions_checksum, sizeof(uint32_t));
    }
    std::map<std::string, std::string> parts = {{"labels", labels.hex()}};
    if (captions_) parts[kCaptionsPart] = captions.hex();
    return {size(),          image_shape(),           classes_,        names_,
            file_->sha256(), images_per_class(*this), std::move(parts)};
  }

  void number_as(const std::string& path, const Dataset& training) {
    if (classes_ == 0 || training.num_classes() == 0) return;
    ImageListing listing;
    listing.num_classes = classes_;
    listing.class_names = names_;
    for (int64_t i = 0; i < classes_; ++i) listing.labels.push_back(i);
    number_as_training(path, training, listing);
    numbers_ = listing.labels;
    classes_ = listing.num_classes;
    names_ = listing.class_names;
  }

 private:
  /// A view of an image's part of its record, `offset` bytes into it; it keeps the file open.
  at::Tensor tensor(int64_t index, int64_t offset, at::IntArrayRef shape) const {
    const char* bytes = file_->image(index).data() + offset;
    return at::from_blob(
        const_cast<char*>(bytes), shape, [file = file_](void*) {},
        at::TensorOptions().dtype(file_->contents().dtype));
  }
  std::string classes_text() const {
    if (classes_ == 0) return "no classes";
    std::string text = count_of(uint64_t(classes_), "class");
    if (classes_ > 1) text = c10::str(classes_, " classes");
    if (names_.empty()) return c10::str(text, " (labels 0 to ", classes_ - 1, ")");
    return c10::str(text, " (", list_or_ends(names_), ")");
  }

  std::shared_ptr<const PackFile> file_;
  std::optional<PackCaptions> captions_;
  int64_t classes_;
  std::vector<std::string> names_;
  std::vector<int64_t> numbers_;  // of the pack's classes, where another set counts them; empty: their own
};

/// What training and validation must have in common.
void check_alike(const std::string& path, const Dataset& held_out, const Dataset& training) {
  const auto here = held_out.latents(), there = training.latents();
  check_usage(here.has_value() == there.has_value(), "data.val_path ", path, ": holds ",
              here ? "latents" : "images", ", the training data are ", there ? "latents" : "images");
  const auto clauses = here ? differences(*here, *there) : std::vector<std::string>();
  check_usage(clauses.empty(), "data.val_path ", path,
              ": its latents are not those of the training data: ", join(clauses, "; "));
  const auto tokenizer_of = [](const Dataset& set) {
    return set.captions() != nullptr ? set.captions()->tokenizer() : std::string();
  };
  check_usage(tokenizer_of(held_out) == tokenizer_of(training), "data.val_path ", path,
              ": its captions were made into tokens by another tokenizer than those of the training data");
}

}  // namespace

std::shared_ptr<const Dataset> open_pack(const fs::path& path, const Dataset* training) {
  auto dataset = std::make_shared<PackDataset>(std::make_shared<const PackFile>(path));
  if (training != nullptr) {
    check_alike(path.string(), *dataset, *training);
    dataset->number_as(path.string(), *training);
  }
  return dataset;
}

}  // namespace uvic
