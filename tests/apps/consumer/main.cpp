#include <io/grid.h>
#include <io/png.h>
#include <recipe/load_model.h>
#include <sampling/make_sampler.h>

int main(int, char** argv) {
  const uvic::LoadedModel model = uvic::load_model(argv[1]);
  const at::Tensor images = uvic::make_sampler(model).sample({.seeds = {0, 1, 2, 3}, .labels = {0, 1, 2, 3}});
  uvic::save_png(argv[2], uvic::make_grid(uvic::to_uint8(images), 2, 2));
}
