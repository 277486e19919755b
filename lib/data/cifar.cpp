#include "data/cifar.h"

#include <ATen/ops/from_blob.h>

#include <sstream>

#include "core/errors.h"
#include "core/text.h"
#include "io/read_file.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSide = 32, kPixels = 3 * kSide * kSide;

struct CifarFormat {
  const char *name, *folder;
  int64_t label_bytes, num_classes;  // of several labels the last counts
  std::vector<std::string> train, test;
  const char *names, *archive, *python_folder, *python_file,
      *other;  // other: the first file of the other kind
  int64_t record_bytes() const { return label_bytes + kPixels; }
};

CifarFormat format_of(CifarKind kind) {
  if (kind == CifarKind::kCifar100)
    return {"cifar100",
            "cifar-100-binary",
            2,
            100,
            {"train.bin"},
            {"test.bin"},
            "fine_label_names.txt",
            "cifar-100-binary",
            "cifar-100-python",
            "train",
            "data_batch_1.bin"};
  return {
      "cifar10",
      "cifar-10-batches-bin",
      1,
      10,
      {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
      {"test_batch.bin"},
      "batches.meta.txt",
      "cifar-10-binary",
      "cifar-10-batches-py",
      "data_batch_1",
      "train.bin"};
}

/// A line a class; empty if the file is not there or holds another number of them.
std::vector<std::string> read_names(const fs::path& file, int64_t count) {
  std::error_code ignored;
  std::vector<std::string> names;
  if (!fs::is_regular_file(file, ignored)) return names;
  std::istringstream lines(read_text(file));
  for (std::string name; lines >> name;) names.push_back(name);
  if (int64_t(names.size()) != count) names.clear();
  return names;
}

class CifarDataset : public Dataset {
 public:
  CifarDataset(std::vector<uint8_t> records, CifarFormat format, const fs::path& directory)
      : records_(std::move(records)),
        format_(std::move(format)),
        directory_(directory.string()),
        names_(read_names(directory / format_.names, format_.num_classes)) {}
  int64_t size() const override { return int64_t(records_.size()) / format_.record_bytes(); }
  ImageShape image_shape() const override { return {3, kSide, kSide}; }
  int64_t num_classes() const override { return format_.num_classes; }
  std::vector<std::string> class_names() const override { return names_; }
  at::Tensor image(int64_t index) const override {
    return at::from_blob(const_cast<uint8_t*>(record(index)) + format_.label_bytes, {3, kSide, kSide},
                         at::kByte);
  }
  int64_t label(int64_t index) const override { return record(index)[format_.label_bytes - 1]; }
  std::string describe() const override {
    return c10::str(count_of(uint64_t(size()), "image"), " 3x32x32, ", num_classes(), " classes, ",
                    format_.name, " in ", directory_);
  }

 private:
  const uint8_t* record(int64_t index) const {
    TORCH_CHECK(0 <= index && index < size(), "no image ", index, " of ", size());
    return records_.data() + index * format_.record_bytes();
  }
  std::vector<uint8_t> records_;  // [size, label bytes and 3 x 32 x 32 pixels]
  CifarFormat format_;
  std::string directory_;
  std::vector<std::string> names_;
};

/// `directory`, or the folder in it that has the archive's name.
fs::path folder_of(const fs::path& directory, const CifarFormat& format, const std::string& file) {
  std::error_code ignored;
  const bool inside = fs::exists(directory / format.folder / file, ignored);
  return inside ? directory / format.folder : directory;
}

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

/// What is there instead of the binary version, for a message.
std::string near_miss(const fs::path& folder, const CifarFormat& format) {
  std::error_code ignored;
  for (const char* python : {format.python_folder, format.python_file}) {
    if (fs::exists(folder / python, ignored))
      return c10::str("; ", python, " is of the Python version (pickles): get the binary version, ",
                      format.archive, ".tar.gz");
  }
  if (fs::exists(folder / format.other, ignored))
    return c10::str("; there is ", format.other,
                    " of the other kind: "
                    "is data.kind right?");
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("cifar") &&
        (name.ends_with(".gz") || name.ends_with(".tar") || name.ends_with(".zip")))
      return "; there is " + name + ": unpack it" +
             (name.find("python") == std::string::npos
                  ? ""
                  : c10::str(" (but it is the Python version: get the binary version, ", format.archive,
                             ".tar.gz)"));
  }
  return "";
}

}  // namespace

std::shared_ptr<const Dataset> open_cifar(const fs::path& directory, CifarKind kind, bool held_out) {
  const CifarFormat format = format_of(kind);
  const auto& names = held_out ? format.test : format.train;
  std::error_code ignored;
  check_usage(fs::exists(directory, ignored), directory.string(), ": no such folder");
  check_usage(fs::is_directory(directory, ignored), directory.string(),
              ": not a folder; unpack the archive of the binary version and give the folder that holds it");
  const fs::path folder = folder_of(directory, format, names[0]);
  std::vector<uint8_t> records;
  for (const std::string& name : names) {
    check_usage(fs::exists(folder / name, ignored), folder.string(), ": this folder has no ", name, " (the ",
                format.name, " binary version)", near_miss(folder, format));
    append_file(folder / name, format, records);
  }
  return std::make_shared<CifarDataset>(std::move(records), format, folder);
}

bool holds_cifar(const fs::path& directory, CifarKind kind) {
  const CifarFormat format = format_of(kind);
  const fs::path file = folder_of(directory, format, format.train[0]) / format.train[0];
  std::error_code error;
  const auto bytes = fs::file_size(file, error);
  return !error && bytes > 0 && bytes % size_t(format.record_bytes()) == 0;
}

}  // namespace uvic
