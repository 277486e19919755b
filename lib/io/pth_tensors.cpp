#include <ATen/ATen.h>

#include "core/dtype.h"
#include "core/errors.h"
#include "io/input_file.h"
#include "io/pickled_tensors.h"
#include "io/pth.h"

namespace uvic {
namespace {

class PthReader : public TensorReader {
 public:
  explicit PthReader(PthContents contents)
      : text_(std::move(contents.text)),
        pickle_(std::move(contents.pickle)),
        source_(std::move(contents.storages)) {
    name_ = std::move(contents.file);
    metadata_ = std::move(contents.metadata);
    outline_ = outline_of(pickle_->root());
    settings_ = settings_of(pickle_->root());
    auto [found, unread] = tensors_of(pickle_->root(), name_);
    unread_ = std::move(unread);
    for (auto& tensor : found) {
      tensors_.push_back(
          {tensor.name, tensor.nested, tensor.array ? tensor.array->sizes : tensor.tensor->sizes});
      pickled_.push_back(std::move(tensor));
    }
  }

  void check(size_t index) const override {
    if (const auto& array = pickled_[index].array) {
      check_usage(array->is_whole(), name_, ": array \"", tensors_[index].name, "\": it has ",
                  array->bytes.size(), " bytes for shape ", at::IntArrayRef(array->sizes));
      return;
    }
    const PickledTensor& tensor = *pickled_[index].tensor;
    const at::IntArrayRef sizes = tensor.sizes, strides = tensor.strides;
    const auto fail = [&](const auto&... what) {
      usage_error(name_, ": tensor \"", tensors_[index].name, "\": ", what..., " (shape ", sizes,
                  ", strides ", strides, ", offset ", tensor.offset, ", storage ", tensor.storage.size, ")");
    };
    if (sizes.size() != strides.size()) fail("as many strides as sizes are needed");
    const auto count = byte_count(sizes, 1);
    // More elements than the storage has would be repeated ones, of which there could be any number.
    if (!count || *count > tensor.storage.size) fail("it has more elements than its storage");
    int64_t last = tensor.offset;
    for (size_t i = 0; i < sizes.size() && *count > 0; ++i) {
      int64_t reach = 0;
      if (__builtin_mul_overflow(sizes[i] - 1, strides[i], &reach) ||
          __builtin_add_overflow(last, reach, &last))
        fail("it leaves its storage");
    }
    if (tensor.offset < 0 || (*count > 0 && last >= tensor.storage.size)) fail("it leaves its storage");
    check_storage(index);
  }

  at::Tensor read(size_t index) override {
    check(index);
    if (pickled_[index].array) return pickled_[index].array->load();
    const PickledTensor& tensor = *pickled_[index].tensor;
    const at::Tensor& elements = storage(index);
    if (*byte_count(tensor.sizes, 1) == 0) return at::empty(tensor.sizes, elements.options());
    return elements.as_strided(tensor.sizes, tensor.strides, tensor.offset).contiguous();
  }

 private:
  void check_storage(size_t index) const {
    const PickledStorage& stored = pickled_[index].tensor->storage;
    const auto problem = [&](const auto&... what) {
      usage_error(name_, ": tensor \"", tensors_[index].name, "\": its storage, ", source_->place(stored.key),
                  ", ", what...);
    };
    const auto there = source_->size(stored.key);
    if (!there) problem("is missing");
    if (there != byte_count({stored.size}, int64_t(elementSize(stored.dtype))))
      problem("has ", *there, " bytes where ", stored.size, " of ", dtype_name(stored.dtype), " should be");
  }

  // Its elements, read once however many tensors view it.
  const at::Tensor& storage(size_t index) {
    const PickledStorage& stored = pickled_[index].tensor->storage;
    const auto [found, added] = storages_.try_emplace(std::string(stored.key));
    if (!added) {
      check_usage(found->second.scalar_type() == stored.dtype && found->second.numel() == stored.size, name_,
                  ": tensor \"", tensors_[index].name, "\": its storage ", stored.key,
                  " is described in two ways");
      return found->second;
    }
    at::Tensor elements = at::empty({stored.size}, at::TensorOptions(stored.dtype));
    source_->read(stored.key, elements.mutable_data_ptr(), int64_t(elements.nbytes()));
    return found->second = elements;
  }

  std::unique_ptr<std::string> text_;
  std::unique_ptr<Pickle> pickle_;
  std::unique_ptr<StorageSource> source_;
  std::vector<FoundTensors::Tensor> pickled_;  // as tensors_
  std::map<std::string, at::Tensor> storages_;
};

}  // namespace

std::unique_ptr<TensorReader> read_tensors_of(PthContents contents) {
  return std::make_unique<PthReader>(std::move(contents));
}

}  // namespace uvic
