#include "sampling/dump/reader.h"

#include <ATen/ATen.h>

#include "core/dtype.h"
#include "core/errors.h"
#include "io/npz.h"
#include "io/png.h"
#include "io/png_decode.h"
#include "io/read_file.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

class FolderReader : public DumpReader {
 public:
  FolderReader(const fs::path& path, DumpManifest manifest) : DumpReader(path, std::move(manifest)) {}

  std::string read(size_t index) override {
    const fs::path file = path() / image_path(manifest().format, manifest().seeds[index]);
    check_usage(fs::exists(file), file.string(), ": is missing");
    std::string bytes = read_text(file);
    check_png(bytes, file.string());
    return bytes;
  }
};

class ZipDumpReader : public DumpReader {
 public:
  ZipDumpReader(const fs::path& path, DumpManifest manifest)
      : DumpReader(path, std::move(manifest)), archive_(path) {
    for (size_t i = 0; i < archive_.entries().size(); ++i) entries_[archive_.entries()[i].name] = i;
  }

  std::string read(size_t index) override {
    const std::string name = image_file_name(manifest().seeds[index]);
    const auto entry = entries_.find(name);
    check_usage(entry != entries_.end(), archive_.name(), ": ", name, " is missing");
    const auto bytes = archive_.read(entry->second);  // checks the CRC
    std::string text(bytes.begin(), bytes.end());
    check_png(text, archive_.name() + ": " + name);
    return text;
  }
  void finish() override {
    check_usage(entries_.size() == manifest().seeds.size(), archive_.name(), ": has ", entries_.size(),
                " entries for ", manifest().seeds.size(), " images");
  }

 private:
  ZipArchive archive_;
  std::map<std::string, size_t> entries_;
};

class NpzDumpReader : public DumpReader {
 public:
  NpzDumpReader(const fs::path& path, DumpManifest manifest)
      : DumpReader(path, std::move(manifest)), file_(path), rows_(file_.rows("arr_0")) {
    const auto [C, H, W] = this->manifest().image;
    const std::vector<int64_t> shape{int64_t(this->manifest().seeds.size()), H, W, C};
    check_usage(rows_.header().dtype == at::kByte && rows_.header().shape == shape, file_.name(),
                ": arr_0 is ", dtype_name(rows_.header().dtype), " ", at::IntArrayRef(rows_.header().shape),
                ", the manifest says Byte ", at::IntArrayRef(shape));
  }

  std::string read(size_t index) override {
    at::Tensor row;
    for (; next_ <= index; ++next_) row = rows_.next(1);
    return {static_cast<const char*>(row.const_data_ptr()), size_t(row.numel())};
  }
  void finish() override {
    for (; next_ < manifest().seeds.size(); ++next_) rows_.next(1);  // the last one checks the CRC
    const auto& labels = plan().labels;
    if (labels.empty()) return;
    check_usage(at::equal(file_.load("arr_1"), at::tensor(labels, at::kLong)), file_.name(),
                ": arr_1 are not the labels of the manifest");
  }

 private:
  NpzFile file_;
  NpzFile::Rows rows_;
  size_t next_ = 0;
};

}  // namespace

std::unique_ptr<DumpReader> DumpReader::open(const fs::path& path) {
  auto manifest = find_manifest(path);
  const std::string bad = manifest ? not_finite_text(*manifest) : "";
  const bool begun = fs::exists(path.string() + ".part") || (manifest && !fs::exists(path));
  check_usage(!begun, path.string(), ": is not finished; ",
              bad.empty() ? "run the same dump again first" : bad);
  check_usage(fs::exists(path), path.string(), ": no such file or folder");
  check_usage(manifest.has_value(), path.string(), ": has no manifest; only dumps of uvic-fid have one");
  check_usage(is_folder(manifest->format) == fs::is_directory(path), path.string(),
              ": its manifest is that of format ", format_name(manifest->format));
  if (is_folder(manifest->format)) return std::make_unique<FolderReader>(path, std::move(*manifest));
  if (manifest->format == DumpFormat::kZip)
    return std::make_unique<ZipDumpReader>(path, std::move(*manifest));
  return std::make_unique<NpzDumpReader>(path, std::move(*manifest));
}

void DumpReader::check_png(const std::string& bytes, const std::string& name) const {
  const auto png = inspect_png_bytes(bytes);
  check_usage(png.has_value(), name, ": is damaged");
  const auto [C, H, W] = manifest().image;
  check_usage(png->channels == C && png->height == H && png->width == W, name, ": is ", png->channels, " x ",
              png->height, " x ", png->width, ", the manifest says ", C, " x ", H, " x ", W);
}

at::Tensor stored_pixels(const DumpManifest& manifest, const std::string& stored, const std::string& name) {
  const auto [C, H, W] = manifest.image;
  if (holds_png(manifest.format)) {
    const at::Tensor pixels = decode_png(stored);
    check_usage(pixels.defined() && pixels.sizes() == at::IntArrayRef(manifest.image), name,
                ": cannot be decoded");
    return pixels;
  }
  auto* bytes = const_cast<char*>(stored.data());
  return at::from_blob(bytes, {H, W, C}, at::kByte).permute({2, 0, 1}).clone();
}

}  // namespace uvic
