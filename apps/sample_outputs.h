// Where uvic-sample puts its images: a grid, a folder of PNGs, a float array.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/npy_writer.h"
#include "recipe/load_model.h"
#include "sampling/record.h"
#include "sampling/sampler.h"

namespace uvic {

/// What is to be made.
struct SampleJob {
  SampleRequest request;
  std::pair<int64_t, int64_t> shape;    ///< {rows, cols} of the grid
  std::vector<std::string> shown = {};  ///< the prompt of each image; empty for a model without text
  RecordInputs record = {};             ///< of the grid, but for its layout
  std::string layout = {};              ///< "--grid 10x10 --class-per-row", or empty
  std::array<int64_t, 3> picture = {};  ///< {C, H, W} of an image
  int64_t real_classes = 0;
  double frame_rate = 0;  ///< above 0: the images are frames, named by their place, moving in a GIF
};

struct SamplePaths {
  std::string out, raw, images;  ///< grid, array, folder; empty: not wanted
};

/// All that can be known before the work is done: UsageError, the option first, where something cannot be
/// written, or must not be.
void check_outputs(const SamplePaths& paths, const SampleJob& job);

/// All images of a job in one, uint8 [n, C, H, W] to [C, height, width]: with captions where it has prompts.
at::Tensor grid_of(const SampleJob& job, const at::Tensor& bytes);
/// The record of such a grid.
RecordInputs grid_record(const SampleJob& job);
/// That of image `index` alone.
RecordInputs image_record(const SampleJob& job, size_t index);

/// Writes a picture as the ending says; only a PNG has room for `record`, which may be empty.
void save_picture(const std::filesystem::path& path, const at::Tensor& image, const std::string& record);
/// UsageError, `option` first, where a picture of this size cannot be written.
void check_picture(const std::string& option, const std::filesystem::path& path, int64_t channels,
                   int64_t height, int64_t width);

/// Images are written as they come; for the grid they are kept as bytes.
class SampleOutputs {
 public:
  SampleOutputs(const SamplePaths& paths, const SampleJob& job);

  /// Images first .. of the request, float32 [n, C, H, W]; `good`: bool [n], which of them are finite.
  void add(size_t first, const at::Tensor& images, const at::Tensor& good);
  /// What the images are after a step, for a grid of its own.
  void add_intermediate(int64_t step, const at::Tensor& images);
  void finish_array();
  /// Unless `all` images are there the places of the others are black, and there is no record: no command
  /// makes that.
  void write_grid(bool all) const;

 private:
  void write_images(size_t first, const at::Tensor& bytes, const at::Tensor& good) const;

  const SamplePaths& paths_;
  const SampleJob& job_;
  std::optional<NpyWriter> array_;
  std::vector<at::Tensor> kept_;
  std::map<int64_t, std::vector<at::Tensor>> intermediate_;
};

}  // namespace uvic
