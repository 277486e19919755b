// One PNG a seed, in one folder or in folders of a thousand.
#include <set>

#include "core/errors.h"
#include "io/atomic_file.h"
#include "io/file_handle.h"
#include "io/png.h"
#include "sampling/dump/sink.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

class FolderSink : public DumpSink {
 public:
  FolderSink(fs::path path, DumpPlan plan) : DumpSink(std::move(path), std::move(plan)) {
    fs::create_directories(out());
    lock_ = FileLock(out(), out().string() + ": another process is writing it");
  }

  std::vector<size_t> missing() override {
    std::set<fs::path> folders;
    std::vector<size_t> missing;
    for (size_t i = 0; i < plan().manifest.seeds.size(); ++i) {
      const fs::path file = file_of(i);
      if (folders.insert(file.parent_path()).second) prepare(file.parent_path());
      if (!is_there(i, file)) missing.push_back(i);
    }
    return missing;
  }

  void write(size_t index, std::string bytes) override {
    write_file_atomically(file_of(index), bytes, Flush::kLater);
  }

  // Nothing to flush: `missing` and `verify` find what a power failure tore by the CRCs of the PNGs. An fsync
  // an image costs more than making the image, and a syncfs at the end waits for whatever else the machine
  // writes.
  void finish() override {}

 private:
  fs::path file_of(size_t index) const {
    return out() / image_path(plan().manifest.format, plan().manifest.seeds[index]);
  }

  // Makes the folder, or removes what killed writers left in it.
  static void prepare(const fs::path& folder) {
    fs::create_directories(folder);
    std::vector<fs::path> leftovers;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().filename().string().find(".png.tmp-") != std::string::npos)
        leftovers.push_back(entry.path());
    }
    for (const fs::path& leftover : leftovers) fs::remove(leftover);
  }

  bool is_there(size_t index, const fs::path& file) const {
    const auto png = inspect_png(file);
    if (!png) return false;  // absent, or damaged: made again
    const auto text = png->text.find("parameters");
    check_usage(
        text != png->text.end() && comparable_record(text->second) == comparable_record(plan().record(index)),
        file.string(), ": was made with other settings (see its tEXt record); use another --out");
    return true;
  }

  FileLock lock_;
};

}  // namespace

std::unique_ptr<DumpSink> make_folder_sink(const fs::path& out, DumpPlan plan) {
  return std::make_unique<FolderSink>(out, std::move(plan));
}

}  // namespace uvic
