#include "data/cifar.h"

#include <ATen/ops/from_blob.h>

#include "core/errors.h"
#include "io/read_file.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSide = 32, kPixels = 3 * kSide * kSide;

struct CifarFormat {
  const char *name, *folder;
  int64_t label_bytes, num_classes;  // of several labels the last counts
  std::vector<std::string> train, test;
  int64_t record_bytes() const { return label_bytes + kPixels; }
};

CifarFormat format_of(CifarKind kind) {
  if (kind == CifarKind::kCifar100)
    return {"cifar100", "cifar-100-binary", 2, 100, {"train.bin"}, {"test.bin"}};
  return {
      "cifar10",
      "cifar-10-batches-bin",
      1,
      10,
      {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
      {"test_batch.bin"}};
}

class CifarDataset : public Dataset {
 public:
  CifarDataset(std::vector<uint8_t> records, CifarFormat format, const fs::path& directory)
      : records_(std::move(records)), format_(std::move(format)), directory_(directory.string()) {}
  int64_t size() const override { return int64_t(records_.size()) / format_.record_bytes(); }
  ImageShape image_shape() const override { return {3, kSide, kSide}; }
  int64_t num_classes() const override { return format_.num_classes; }
  at::Tensor image(int64_t index) const override {
    return at::from_blob(const_cast<uint8_t*>(record(index)) + format_.label_bytes, {3, kSide, kSide},
                         at::kByte);
  }
  int64_t label(int64_t index) const override { return record(index)[format_.label_bytes - 1]; }
  std::string describe() const override {
    return c10::str(size(), " images 3x32x32, ", num_classes(), " classes, ", format_.name, " in ",
                    directory_);
  }

 private:
  const uint8_t* record(int64_t index) const {
    TORCH_CHECK(0 <= index && index < size(), "no image ", index, " of ", size());
    return records_.data() + index * format_.record_bytes();
  }
  std::vector<uint8_t> records_;  // [size, label bytes and 3 x 32 x 32 pixels]
  CifarFormat format_;
  std::string directory_;
};

void append_file(const fs::path& path, const CifarFormat& format, std::vector<uint8_t>& records) {
  const std::vector<uint8_t> read = read_file(path).bytes;
  const auto bytes = int64_t(read.size()), record = format.record_bytes();
  check_usage(bytes > 0 && bytes % record == 0, path.string(), ": holds ", bytes,
              " bytes, which is not a whole number of records of ", record, " bytes");
  for (int64_t i = 0; i < bytes / record; ++i) {
    const int64_t label = read[static_cast<size_t>(i * record + format.label_bytes - 1)];
    check_usage(label < format.num_classes, path.string(), ": record ", i, " has label ", label, ", but ",
                format.name, " has labels 0 to ", format.num_classes - 1);
  }
  records.insert(records.end(), read.begin(), read.end());
}

}  // namespace

std::shared_ptr<const Dataset> open_cifar(const fs::path& directory, CifarKind kind, bool held_out) {
  const CifarFormat format = format_of(kind);
  const auto& names = held_out ? format.test : format.train;
  std::error_code ignored;
  check_usage(fs::is_directory(directory, ignored), directory.string(), ": no such folder");
  const bool inside = fs::exists(directory / format.folder / names[0], ignored);
  const fs::path folder = inside ? directory / format.folder : directory;
  std::vector<uint8_t> records;
  for (const std::string& name : names) {
    check_usage(fs::exists(folder / name, ignored), folder.string(), ": this folder has no ", name, " (the ",
                format.name, " binary version)");
    append_file(folder / name, format, records);
  }
  return std::make_shared<CifarDataset>(std::move(records), format, folder);
}

}  // namespace uvic
