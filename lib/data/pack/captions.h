#pragma once
#include <memory>

#include "data/captions.h"
#include "data/pack/file.h"

namespace uvic {

/// The captions of a pack that has any. UsageError for those that are damaged.
class PackCaptions : public Captions {
 public:
  explicit PackCaptions(std::shared_ptr<const PackFile> file) : file_(std::move(file)) {}
  int64_t count(int64_t image) const override { return file_->entry(image).captions; }
  std::string text(int64_t image, int64_t caption) const override;
  std::string tokenizer() const override { return file_->contents().tokenizer; }
  std::vector<int32_t> ids(int64_t image, int64_t caption) const override;
  at::Tensor states(int64_t image, int64_t caption) const override;
  std::string states_encoder() const override { return file_->contents().states_sha256; }
  at::Tensor null_states() const override;

 private:
  /// What an image's captions have: that many blocks of equal size, see data/pack/format.h, and the texts.
  struct View {
    const uint32_t* text_ends;
    const char *states, *ids;
    std::string_view texts;
  };
  View view(int64_t image, int64_t caption) const;
  at::Tensor states_at(const char* bytes) const;

  std::shared_ptr<const PackFile> file_;
};

}  // namespace uvic
