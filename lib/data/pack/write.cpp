#include "data/pack/write.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <utility>

#include "core/device.h"
#include "core/errors.h"
#include "core/prefetch.h"
#include "core/text.h"
#include "data/pack/file.h"
#include "data/pack/record.h"
#include "io/atomic_file.h"
#include "io/digests.h"
#include "io/output_path.h"
#include "io/part_file.h"
#include "text/utf8.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kBlockBytes = 4 << 20, kMostInBlock = 64;  // of images packed without an encoder
constexpr int64_t kTextsAtOnce = 32;

std::string name_of(const Dataset& dataset, int64_t image) {
  const std::string name = dataset.name(image);
  return name.empty() ? c10::str("image ", image) : name;
}

/// Of all that it says, captions included.
std::string sha256_of(const DataIdentity& identity) {
  Sha256 hash;
  hash.add(to_json(identity));
  return hash.hex();
}

PackContents contents_of(const Dataset& dataset, const PackOptions& options) {
  PackContents contents{.made_by = version_number(),
                        .source = options.source,
                        .source_sha256 = sha256_of(dataset.identity()),
                        .shape = dataset.image_shape(),
                        .latents = options.encoder ? options.encoder->space : dataset.latents(),
                        .mirrored = options.mirrored,
                        .num_classes = dataset.num_classes(),
                        .class_names = dataset.class_names(),
                        .captions = options.captions && dataset.captions() != nullptr};
  if (options.encoder) {
    const int64_t scale = options.encoder->space.downscale;
    contents.shape = {options.encoder->space.channels, contents.shape[1] / scale, contents.shape[2] / scale};
  }
  if (contents.latents) contents.dtype = options.latents_dtype;
  contents.mirror_by_default = options.mirror_by_default && (!contents.latents || contents.mirrored);
  if (options.tokenizer) {
    contents.tokenizer = options.tokenizer->fingerprint();
    contents.tokenizer_text = options.tokenizer->describe();
    contents.caption_length = options.tokenizer->length();
    contents.ids_dtype = options.tokenizer->vocab_size() <= 1 << 16 ? at::kUInt16 : at::kInt;
  }
  if (options.text_encoder) {
    contents.states_of = options.text_encoder->name;
    contents.states_sha256 = options.text_encoder->sha256;
    contents.states_tokens = options.text_encoder->tokens;
    contents.states_dim = options.text_encoder->dim;
    contents.states_dtype = options.text_encoder->dtype;
  }
  const int64_t fit = kBlockBytes / std::max<int64_t>(contents.image_bytes(), 1);
  contents.block = options.encoder ? options.encoder->batch : std::clamp<int64_t>(fit, 1, kMostInBlock);
  return contents;
}

void check_options(const Dataset& dataset, const PackOptions& options) {
  const bool captions = options.captions && dataset.captions() != nullptr;
  check_usage(captions || (!options.tokenizer && !options.text_encoder),
              "the images have no captions to make into ", options.tokenizer ? "tokens" : "states", ": ",
              dataset.describe());
  check_usage(!options.encoder || !dataset.latents(), "the images are latents already: ", dataset.describe());
  check_usage(!options.mirrored || options.encoder || dataset.keeps_mirrored(),
              dataset.latents()
                  ? "there are no latents of mirrored images: "
                  : "images are mirrored as they are read; only latents of mirrored images need "
                    "to be kept: ",
              dataset.describe());
  if (!options.encoder) return;
  const auto [C, H, W] = dataset.image_shape();
  const int64_t scale = options.encoder->space.downscale;
  check_usage(H % scale == 0 && W % scale == 0, "images of ", H, "x", W,
              " cannot be encoded: the autoencoder ", "makes one latent of ", scale, "x", scale, " pixels");
}

/// The images of a block, made into records in two steps: what threads can do, and what an encoder does.
class BlockMaker {
 public:
  BlockMaker(const Dataset& dataset, const PackOptions& options, const PackContents& contents, BadFiles& bad)
      : dataset_(dataset), options_(options), contents_(contents), bad_(bad) {}

  int64_t blocks() const { return (dataset_.size() + contents_.block - 1) / contents_.block; }
  bool encodes() const { return options_.encoder || options_.text_encoder; }

  /// Thread-safe.
  std::vector<PackImage> prepare(int64_t block) const {
    std::vector<PackImage> images;
    const int64_t first = block * contents_.block, last = std::min(first + contents_.block, dataset_.size());
    for (int64_t i = first; i < last; ++i) {
      PackImage image{.source = i, .image = {}, .moments = {}};
      try {
        read(image);
      } catch (const UsageError& error) {
        bad_.met(error.what());
        continue;
      }
      if (contents_.captions) caption(image);
      images.push_back(std::move(image));
    }
    return images;
  }

  std::string records(std::vector<PackImage> images) const {
    if (options_.encoder && !images.empty()) encode_images(images);
    if (options_.text_encoder && !images.empty()) encode_texts(images);
    std::string bytes;
    for (const PackImage& image : images)
      append_record(bytes, image, contents_, name_of(dataset_, image.source));
    return bytes;
  }

  /// The contents with what stands behind them.
  std::string head_record(std::string json) const {
    if (!options_.text_encoder) return json;
    return json + number_bytes(options_.text_encoder->encode({""})[0], contents_.states_dtype,
                               "the states of the empty caption");
  }
  int64_t cut() const { return cut_; }

 private:
  void read(PackImage& image) const {
    if (!dataset_.latents()) {
      image.image = dataset_.image(image.source);
      return;
    }
    image.moments = dataset_.moments(image.source, /*mirrored=*/false);
    if (contents_.mirrored)
      image.moments = at::cat({image.moments, dataset_.moments(image.source, /*mirrored=*/true)});
  }

  void caption(PackImage& image) const {
    const Captions& captions = *dataset_.captions();
    const int64_t count = captions.count(image.source);
    check_usage(count > 0, name_of(dataset_, image.source), ": has no caption");
    for (int64_t i = 0; i < count; ++i) {
      const std::string& text = image.captions.emplace_back(captions.text(image.source, i));
      if (const auto invalid = first_invalid_utf8(text))
        usage_error("the caption of ", name_of(dataset_, image.source),
                    ": is not UTF-8: ", utf8_problem(text, *invalid));
      if (!options_.tokenizer) continue;
      const CaptionRow row = options_.tokenizer->encode(text);
      image.ids.insert(image.ids.end(), row.ids.begin(), row.ids.end());
      if (row.cut) ++cut_;
    }
  }

  void encode_images(std::vector<PackImage>& images) const {
    std::vector<at::Tensor> pixels;
    for (const PackImage& image : images) pixels.push_back(image.image);
    const at::Tensor seen = at::stack(pixels).to(at::kFloat).div_(127.5).sub_(1);
    std::vector<at::Tensor> parts;
    for (const bool mirrored : {false, true}) {
      if (mirrored && !contents_.mirrored) break;
      const auto [mean, std] = options_.encoder->encode(mirrored ? seen.flip(3) : seen);
      const auto [C, H, W] = contents_.shape;
      for (const at::Tensor& part : {mean, std})
        TORCH_CHECK(part.sizes() == at::IntArrayRef({seen.size(0), C, H, W}), "latents of ", part.sizes(),
                    ", not ", C, "x", H, "x", W);
      parts.push_back(at::stack({mean, std}, 1));
    }
    const at::Tensor moments = at::cat(parts, 1).cpu();
    for (size_t i = 0; i < images.size(); ++i) images[i].moments = moments[int64_t(i)];
  }

  void encode_texts(std::vector<PackImage>& images) const {
    std::vector<std::string> texts;
    for (const PackImage& image : images)
      texts.insert(texts.end(), image.captions.begin(), image.captions.end());
    const auto count = int64_t(texts.size());
    std::vector<at::Tensor> parts;
    for (int64_t i = 0; i < count; i += kTextsAtOnce) {
      const auto begin = texts.begin() + i;
      parts.push_back(
          options_.text_encoder->encode({begin, begin + std::min(kTextsAtOnce, count - i)}).cpu());
    }
    const at::Tensor states = at::cat(parts);
    TORCH_CHECK(states.sizes() == at::IntArrayRef({count, contents_.states_tokens, contents_.states_dim}),
                "states of ", states.sizes());
    int64_t at = 0;
    for (PackImage& image : images) {
      image.states = states.narrow(0, at, int64_t(image.captions.size()));
      at += image.states.size(0);
    }
  }

  const Dataset& dataset_;
  const PackOptions& options_;
  const PackContents& contents_;
  BadFiles& bad_;
  mutable std::atomic<int64_t> cut_ = 0;
};

/// Whether the very pack is there. UsageError if something else is.
bool is_there(const fs::path& out, const PackContents& contents, PackReport& report) {
  if (!fs::exists(out)) return false;
  const PackFile file(out);
  PackContents here = contents;  // the program may be newer, the data lie elsewhere
  here.made_by = file.contents().made_by;
  here.source = file.contents().source;
  const auto clauses = differences(file.contents(), here);
  check_usage(clauses.empty(), out.string(), ": is there already, another pack: ", join(clauses, "; "),
              ". Choose another name, or remove it");
  PartFile::remove_log_of(out);
  report.was_whole = true;
  report.images = report.found = file.size();
  report.bytes = file.file_bytes();
  for (int64_t i = 0; i < file.size(); ++i) report.captions += file.entry(i).captions;
  return true;
}

PackHead head_of(const std::string& contents, size_t json_bytes, const PackIndex& index,
                 const std::string& tail) {
  PackHead head{.magic = {},
                .format = kPackFormat,
                .checksum = 0,
                .file_bytes = index.end() + tail.size(),
                .contents_bytes = contents.size(),
                .json_bytes = json_bytes,
                .index_begin = index.end(),
                .images = uint64_t(index.size()),
                .contents_checksum = crc32_of(contents),
                .index_checksum = crc32_of(tail)};
  kPackMagic.copy(head.magic, sizeof head.magic);
  constexpr size_t kBehind = offsetof(PackHead, checksum) + sizeof head.checksum;
  head.checksum = crc32_of({reinterpret_cast<const char*>(&head) + kBehind, sizeof head - kBehind});
  return head;
}

/// Packs block by block into a file that an earlier process may have begun.
class Packing {
 public:
  Packing(const Dataset& dataset, const fs::path& out, const PackContents& contents, const BlockMaker& maker)
      : dataset_(dataset), out_(out), contents_(contents), maker_(maker), file_(out, sizeof(PackHead)) {
    json_ = to_json(contents) + '\n';
    json_.resize(pack_aligned(json_.size()), ' ');
    recover();
  }

  /// Images that are in the file.
  int64_t images() const { return index_ ? index_->size() : 0; }

  /// False if `stop` has asked for an end.
  bool run(int64_t workers, const std::function<void(int64_t)>& progress, const std::function<bool()>& stop) {
    struct Block {
      std::vector<PackImage> images;
      std::string records;  // made in the threads, too, where no encoder is needed
    };
    Prefetch<Block> blocks(
        [this](int64_t i) {
          Block block{maker_.prepare(i), {}};
          if (!maker_.encodes()) block.records = maker_.records(std::exchange(block.images, {}));
          return block;
        },
        next_, maker_.blocks(), workers, 2 * workers + 2);
    if (progress) progress(std::min(next_ * contents_.block, dataset_.size()));
    for (; !blocks.done(); ++next_) {
      if (stop && stop()) return false;
      Block block = blocks.next();
      append(maker_.encodes() ? maker_.records(std::move(block.images)) : block.records);
      if (progress) progress(std::min((next_ + 1) * contents_.block, dataset_.size()));
    }
    return true;
  }

  void finish(PackReport& report) {
    check_usage(images() > 0, out_.string(), ": none of the images can be read");
    const std::string tail = index_->bytes();
    const PackHead head = head_of(head_record_, json_.size(), *index_, tail);
    file_.commit({reinterpret_cast<const char*>(&head), sizeof head}, tail);
    report.captions = index_->captions();
    report.bytes = int64_t(head.file_bytes);
    report.left_out = dataset_.size() - images();
  }

 private:
  // The contents are the first record of the part file: they say whether it can be gone on with. Where they
  // are another pack's, all of it stays: it may be worth hours.
  void recover() {
    bool same = true;
    file_.recover([&](std::string_view record) {
      if (!index_) {
        same = record.starts_with(json_);
        begin(std::string(record));
        return true;
      }
      const bool good = !same || (next_ < maker_.blocks() && index_->add(record));
      if (good) ++next_;
      return good;
    });
    if (same) return;
    const std::string part = out_.string() + ".part";
    const auto there = pack_contents_from_json(head_record_.substr(0, head_record_.find('\n')), part);
    usage_error(part, ": was begun as another pack: ", join(differences(there, contents_), "; "),
                ". Go on with it as it was begun, or remove it");
  }

  void begin(std::string head_record) {
    head_record_ = std::move(head_record);
    index_.emplace(contents_, dataset_, sizeof(PackHead) + head_record_.size());
  }

  void append(const std::string& records) {
    if (!index_) {  // only now, so that a pack that cannot even begin leaves nothing behind
      begin(maker_.head_record(json_));
      file_.append(head_record_);
    }
    file_.append(records);
    TORCH_CHECK(index_->add(records), "PackIndex: records that do not fill their block");
  }

  const Dataset& dataset_;
  fs::path out_;
  const PackContents& contents_;
  const BlockMaker& maker_;
  PartFile file_;
  std::string json_, head_record_;
  std::optional<PackIndex> index_;
  int64_t next_ = 0;  // block
};

}  // namespace

PackReport pack_images(const Dataset& dataset, const fs::path& out, const PackOptions& options, BadFiles& bad,
                       const std::function<void(int64_t)>& progress, const std::function<bool()>& stop) {
  check_options(dataset, options);
  check_output_file("", out);
  check_replaceable(out);
  const PackContents contents = contents_of(dataset, options);
  PackReport report;
  if (is_there(out, contents, report)) return report;
  const BlockMaker maker(dataset, options, contents, bad);
  Packing packing(dataset, out, contents, maker);
  report.found = packing.images();
  report.stopped = !packing.run(options.workers, progress, stop);
  report.images = packing.images();
  report.cut = maker.cut();
  if (!report.stopped) packing.finish(report);
  return report;
}

}  // namespace uvic
