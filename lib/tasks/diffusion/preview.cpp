#include "tasks/diffusion/preview.h"

#include <ATen/ATen.h>

#include "core/log.h"
#include "io/grid.h"
#include "io/png.h"
#include "recipe/layout.h"
#include "sampling/captioned_grid.h"
#include "sampling/finite.h"

namespace uvic {

void write_preview(UViT& model, const DiffusionConfig& config, const TrainingSamples& samples, int64_t step,
                   const TaskContext& context) {
  std::vector<at::Tensor> pictures;
  FiniteCheck finite(seeds_in_turn(config.preview.images));
  const bool whole = samples.run(
      model, config.preview_sample(), config.preview.images,
      [&](size_t, const at::Tensor& batch) {
        finite.add(batch);
        pictures.push_back(to_pictures(batch));
      },
      [&](size_t, int64_t solver_step, const at::Tensor&) {
        context.progress(c10::str("sampling a grid, ", solver_step, "/", config.preview.steps));
      },
      context.stopping);
  if (!whole) return;
  if (finite.any_bad())
    log_warning("preview of step ", step, ": ", finite.text(config.sample.precision, "sample.precision"),
                finite.all_bad() ? "; there is no grid" : "; black in the grid");
  if (finite.all_bad()) return;
  const auto [rows, cols] = square_grid(config.preview.images);
  const auto captions = samples.captions(config.preview.images);
  const at::Tensor all = at::cat(pictures), grid = captions.empty()
                                                       ? make_grid(all, rows, cols)
                                                       : captioned_grid(all, captions, rows, cols);
  const auto folder = context.run_directory / "samples";
  std::filesystem::create_directories(folder);
  save_png(folder / (checkpoint_name(step) + ".png"), grid);
  context.log.write_image(step, "samples", grid);
}

}  // namespace uvic
