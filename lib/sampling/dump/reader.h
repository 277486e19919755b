// Reading a dump of any format back, image by image.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <string>

#include "sampling/dump/manifest.h"

namespace uvic {

class DumpReader {
 public:
  /// UsageError: nothing there, no manifest, not finished, or not of the format that the manifest says.
  static std::unique_ptr<DumpReader> open(const std::filesystem::path& path);
  virtual ~DumpReader() = default;

  const std::filesystem::path& path() const { return path_; }
  const DumpPlan& plan() const { return plan_; }
  const DumpManifest& manifest() const { return plan_.manifest; }

  /// What is stored for image `index` of the manifest's seeds (see DumpSink::encode); indices must ascend
  /// from call to call. UsageError that names the file: absent, damaged, of another size.
  virtual std::string read(size_t index) = 0;
  /// After the last image: what else an archive holds is right. UsageError if not.
  virtual void finish() {}

 protected:
  DumpReader(std::filesystem::path path, DumpManifest manifest)
      : path_(std::move(path)), plan_(std::move(manifest)) {}
  /// UsageError unless `bytes` are a whole PNG of the manifest's size.
  void check_png(const std::string& bytes, const std::string& name) const;

 private:
  std::filesystem::path path_;
  DumpPlan plan_;
};

/// The pixels of what is stored in a dump of `manifest`: uint8 [C, H, W]. UsageError with `name` if they
/// cannot be decoded.
at::Tensor stored_pixels(const DumpManifest& manifest, const std::string& stored, const std::string& name);

}  // namespace uvic
