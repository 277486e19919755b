#include "data/pack/record.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/isfinite.h>

#include <cstring>
#include <limits>

#include "core/errors.h"
#include "io/digests.h"

namespace uvic {
namespace {

constexpr uint64_t kMost = std::numeric_limits<uint32_t>::max();

template <class T>
void append_bytes(std::string& bytes, const T* data, size_t count) {
  bytes.append(reinterpret_cast<const char*>(data), count * sizeof(T));
}

void pad(std::string& bytes) {
  bytes.resize(pack_aligned(bytes.size()));
}

void append_numbers(std::string& bytes, const at::Tensor& values, at::ScalarType dtype,
                    const std::string& name) {
  const at::Tensor narrow = values.to(dtype).contiguous();
  check_usage(dtype == at::kByte || at::isfinite(narrow).all().item<bool>(), name, ": has numbers beyond ",
              pack_type_name(dtype), dtype == at::kHalf ? "; fp32 holds more" : "");
  bytes.append(static_cast<const char*>(narrow.const_data_ptr()), narrow.nbytes());
}

void append_captions(std::string& bytes, const PackImage& image, const PackContents& contents,
                     const std::string& name) {
  uint64_t end = 0;
  for (const std::string& text : image.captions) {
    end += text.size();
    check_usage(end <= kMost, name, ": its captions are too long");
    const auto written = uint32_t(end);
    append_bytes(bytes, &written, 1);
  }
  if (image.states.defined()) append_numbers(bytes, image.states, contents.states_dtype, name);
  if (contents.ids_dtype == at::kUInt16) {
    const std::vector<uint16_t> narrow(image.ids.begin(), image.ids.end());
    append_bytes(bytes, narrow.data(), narrow.size());
  } else {
    append_bytes(bytes, image.ids.data(), image.ids.size());
  }
  for (const std::string& text : image.captions) bytes += text;
  pad(bytes);
}

}  // namespace

std::vector<int32_t> ids_of_bytes(std::string_view bytes, at::ScalarType dtype) {
  if (dtype == at::kInt) {
    std::vector<int32_t> ids(bytes.size() / sizeof(int32_t));
    std::memcpy(ids.data(), bytes.data(), bytes.size());
    return ids;
  }
  std::vector<uint16_t> narrow(bytes.size() / sizeof(uint16_t));
  std::memcpy(narrow.data(), bytes.data(), bytes.size());
  return {narrow.begin(), narrow.end()};
}

std::string number_bytes(const at::Tensor& values, at::ScalarType dtype, const std::string& name) {
  std::string bytes;
  append_numbers(bytes, values, dtype, name);
  pad(bytes);
  return bytes;
}

void append_record(std::string& bytes, const PackImage& image, const PackContents& contents,
                   const std::string& name) {
  const size_t begin = bytes.size(), image_begin = begin + sizeof(PackRecordHead);
  const auto n = int64_t(image.captions.size());
  TORCH_CHECK(int64_t(image.ids.size()) == n * contents.caption_length, name, ": ", image.ids.size(),
              " token ids for ", n, " captions");
  bytes.resize(image_begin);
  if (contents.latents) {
    append_numbers(bytes, image.moments, contents.dtype, name);
  } else {
    append_numbers(bytes, image.image, at::kByte, name);
  }
  pad(bytes);
  const size_t captions_begin = bytes.size();
  TORCH_CHECK(captions_begin - image_begin == size_t(contents.image_bytes()), name, ": an image of ",
              captions_begin - image_begin, " bytes, not ", contents.image_bytes());
  if (n > 0) append_captions(bytes, image, contents, name);
  const uint64_t caption_bytes = bytes.size() - captions_begin;
  check_usage(caption_bytes <= kMost, name, ": its captions take ", caption_bytes, " bytes");
  const PackRecordHead head{uint64_t(image.source), uint32_t(n), uint32_t(caption_bytes)};
  std::memcpy(bytes.data() + begin, &head, sizeof head);
}

bool PackIndex::add(std::string_view block) {
  std::vector<PackEntry> entries;
  std::string names;
  uint64_t begin = end_;
  int64_t captions = 0;
  const size_t fixed = sizeof(PackRecordHead) + size_t(contents_.image_bytes());
  while (!block.empty()) {
    PackRecordHead head{};
    if (block.size() < fixed) return false;
    std::memcpy(&head, block.data(), sizeof head);
    if (block.size() - fixed < head.caption_bytes || head.source >= uint64_t(source_.size())) return false;
    const auto source = int64_t(head.source);
    names += source_.name(source);
    check_usage(names_.size() + names.size() <= kMost, "the names of the images take more than 4 GiB");
    entries.push_back({.begin = begin,
                       .image_checksum = crc32_of(block.substr(0, fixed)),
                       .captions_checksum = crc32_of(block.substr(fixed, head.caption_bytes)),
                       .captions = head.captions,
                       .caption_bytes = head.caption_bytes,
                       .label = int32_t(source_.label(source)),
                       .name_end = uint32_t(names_.size() + names.size())});
    captions += head.captions;
    begin += fixed + head.caption_bytes;
    block.remove_prefix(fixed + head.caption_bytes);
  }
  entries_.insert(entries_.end(), entries.begin(), entries.end());
  names_ += names;
  captions_ += captions;
  end_ = begin;
  return true;
}

std::string PackIndex::bytes() const {
  std::string bytes(reinterpret_cast<const char*>(entries_.data()), entries_.size() * sizeof(PackEntry));
  return bytes + names_;
}

}  // namespace uvic
