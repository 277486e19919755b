// Where the images of a dump are stored.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "io/zip_writer.h"
#include "sampling/dump/manifest.h"

namespace uvic {

/// An image is counted only when it is whole, after a kill or a power failure too. Images go by their index
/// in the plan's seeds.
class DumpSink {
 public:
  DumpSink(std::filesystem::path out, DumpPlan plan) : out_(std::move(out)), plan_(std::move(plan)) {}
  virtual ~DumpSink() = default;
  DumpSink(const DumpSink&) = delete;
  DumpSink& operator=(const DumpSink&) = delete;

  /// Ascending indices of what is not there yet. To be called once, first. UsageError for an image that was
  /// made with other settings.
  virtual std::vector<size_t> missing() = 0;
  /// What is stored for an image, uint8 [C, H, W]: a PNG, or the bare pixels. Thread-safe.
  std::string encode(size_t index, const at::Tensor& image) const;
  /// Stores what `encode` returned. Thread-safe, in any order; each missing image once. std::runtime_error
  /// with the system's reason (a full disk).
  virtual void write(size_t index, std::string bytes) = 0;
  /// After all: makes the dump durable, and an archive appear under its name.
  virtual void finish() = 0;

  /// The folder or the file of the dump.
  const std::filesystem::path& out() const { return out_; }
  const DumpPlan& plan() const { return plan_; }

 private:
  const std::filesystem::path out_;
  const DumpPlan plan_;
};

/// The sink of the plan's format, which no other process may write at the same time (UsageError). `limits` is
/// for tests.
std::unique_ptr<DumpSink> make_folder_sink(const std::filesystem::path& out, DumpPlan plan);
std::unique_ptr<DumpSink> make_archive_sink(const std::filesystem::path& out, DumpPlan plan,
                                            Zip64Limits limits = {});

/// The bytes of `image`, uint8 [C, H, W], with the channels of a pixel together: NumPy's [H, W, C].
std::string interleaved(const at::Tensor& image);

}  // namespace uvic
