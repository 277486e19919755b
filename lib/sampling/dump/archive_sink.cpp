// A stored ZIP or an .npz, streamed in the order of the seeds through a PartFile.
#include <ATen/ATen.h>

#include <map>
#include <mutex>
#include <numeric>

#include "core/errors.h"
#include "io/digests.h"
#include "io/npy_header.h"
#include "io/part_file.h"
#include "sampling/dump/sink.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

/// What the two archives share: records in order, one an image.
class ArchiveSink : public DumpSink {
 public:
  ArchiveSink(const fs::path& path, DumpPlan plan, size_t head_size)
      : DumpSink(path, std::move(plan)), whole_(fs::exists(path)) {
    if (whole_) {
      PartFile::remove_log_of(path);
    } else {
      part_ = std::make_unique<PartFile>(path, head_size);
    }
  }

  std::vector<size_t> missing() override {
    const size_t count = plan().manifest.seeds.size();
    if (whole_) return {};  // it appears only when it is complete
    part_->recover([&](std::string_view record) {
      check_usage(next_ < count && accept(next_, record), out().string(),
                  ".part: holds other images; remove it, or use another --out");
      ++next_;
      return true;
    });
    std::vector<size_t> missing(count - next_);
    std::iota(missing.begin(), missing.end(), next_);
    return missing;
  }

  // The encoders finish nearly in order: what is early waits in memory, an image a thread.
  void write(size_t index, std::string bytes) override {
    const std::lock_guard lock(mutex_);
    early_.emplace(index, std::move(bytes));
    for (auto first = early_.begin(); first != early_.end() && first->first == next_;
         first = early_.erase(first), ++next_) {
      part_->append(record(next_, first->second));
    }
  }

  void finish() override {
    if (whole_) return;
    const auto [head, tail] = ends();
    part_->commit(head, tail);
  }

 protected:
  /// Takes a record of an earlier process into account; false if it is not image `index`'s.
  virtual bool accept(size_t index, std::string_view record) = 0;
  /// What to store for image `index`, the next in order.
  virtual std::string record(size_t index, const std::string& bytes) = 0;
  /// What goes before and behind all records.
  virtual std::pair<std::string, std::string> ends() = 0;

 private:
  bool whole_;
  std::unique_ptr<PartFile> part_;
  std::mutex mutex_;
  size_t next_ = 0;
  std::map<size_t, std::string> early_;
};

class ZipSink : public ArchiveSink {
 public:
  ZipSink(const fs::path& out, DumpPlan plan, Zip64Limits limits)
      : ArchiveSink(out, std::move(plan), 0), zip_(limits) {}

 protected:
  bool accept(size_t index, std::string_view record) override {
    // The local header tells its own length: 30 bytes, the name, the extra field.
    const auto u16 = [&](size_t at) {
      return size_t(uint8_t(record[at])) | size_t(uint8_t(record[at + 1])) << 8;
    };
    if (record.size() < 30) return false;
    const size_t header = 30 + u16(26) + u16(28);
    if (record.size() < header) return false;
    return begin(index, record.substr(header)) == record.substr(0, header);
  }
  std::string record(size_t index, const std::string& bytes) override { return begin(index, bytes) + bytes; }
  std::pair<std::string, std::string> ends() override { return {"", zip_.finish()}; }

 private:
  std::string begin(size_t index, std::string_view bytes) {
    return zip_.begin(image_file_name(plan().manifest.seeds[index]), bytes.size(), crc32_of(bytes));
  }
  ZipWriter zip_;
};

/// arr_0 is one entry of all images, whose CRC is known at the end: its header is written then.
class NpzSink : public ArchiveSink {
 public:
  NpzSink(const fs::path& out, DumpPlan plan, Zip64Limits limits)
      : NpzSink(out, npy_header(at::kByte, shape_of(plan.manifest)), plan, limits) {}

 protected:
  bool accept(size_t, std::string_view record) override {
    if (record.size() != image_size()) return false;
    crc_ = crc32_of(record, crc_);
    return true;
  }
  std::string record(size_t, const std::string& bytes) override {
    TORCH_CHECK(bytes.size() == image_size(), "an image of ", bytes.size(), " bytes in an .npz of ",
                image_size());
    crc_ = crc32_of(bytes, crc_);
    return bytes;
  }
  std::pair<std::string, std::string> ends() override {
    ZipWriter zip(limits_);
    const std::string head = arr_0(zip, crc_) + npy_header_;
    std::string tail;
    if (const auto& labels = plan().labels; !labels.empty()) {
      std::string array = npy_header(at::kLong, {int64_t(labels.size())});
      array.append(reinterpret_cast<const char*>(labels.data()), labels.size() * sizeof labels[0]);
      tail = zip.begin("arr_1.npy", array.size(), crc32_of(array)) + array;
    }
    return {head, tail + zip.finish()};
  }

 private:
  NpzSink(const fs::path& out, std::string npy_header, const DumpPlan& plan, Zip64Limits limits)
      : ArchiveSink(out, plan, head_size(plan.manifest, npy_header, limits)),
        limits_(limits),
        npy_header_(std::move(npy_header)),
        crc_(crc32_of(npy_header_)) {}

  static std::vector<int64_t> shape_of(const DumpManifest& manifest) {
    const auto [C, H, W] = manifest.image;
    return {int64_t(manifest.seeds.size()), H, W, C};
  }
  static std::string arr_0(ZipWriter& zip, const DumpManifest& manifest, size_t npy_header, uint32_t crc) {
    return zip.begin("arr_0.npy", npy_header + size_t(c10::multiply_integers(shape_of(manifest))), crc);
  }
  std::string arr_0(ZipWriter& zip, uint32_t crc) const {
    return arr_0(zip, plan().manifest, npy_header_.size(), crc);
  }
  static size_t head_size(const DumpManifest& manifest, const std::string& npy_header, Zip64Limits limits) {
    ZipWriter zip(limits);
    return arr_0(zip, manifest, npy_header.size(), 0).size() + npy_header.size();
  }
  size_t image_size() const { return size_t(c10::multiply_integers(at::IntArrayRef(plan().manifest.image))); }

  Zip64Limits limits_;
  std::string npy_header_;
  uint32_t crc_;  // of arr_0.npy so far
};

}  // namespace

std::unique_ptr<DumpSink> make_archive_sink(const fs::path& out, DumpPlan plan, Zip64Limits limits) {
  if (plan.manifest.format == DumpFormat::kZip)
    return std::make_unique<ZipSink>(out, std::move(plan), limits);
  return std::make_unique<NpzSink>(out, std::move(plan), limits);
}

}  // namespace uvic
