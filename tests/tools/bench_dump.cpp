// `bench_dump [FOLDER] [OPTIONS OF uvic-fid dump]`: the real uvic-fid dump, from start to exit, of 10,000
// images of 3 x 32 x 32 with a trivial network (one step, 36,000 parameters), in every format, into a fresh
// sub-folder of FOLDER (default: the system's for temporary files). Three times each, interleaved.
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "io/safetensors.h"
#include "nn/uvit.h"
#include "support/process.h"
#include "tasks/diffusion/config.h"

int main(int argc, char** argv) {
  using namespace uvic;
  using Clock = std::chrono::steady_clock;
  if (argc > 1) setenv("TMPDIR", argv[1], 1);
  constexpr int kImages = 10'000;
  const std::string options = argc > 2 ? argv[2] : "";
  const uvic::testing::TemporaryDirectory folder;
  DiffusionConfig config;
  config.model = {
      .img_size = {32}, .patch_size = 16, .in_chans = 3, .embed_dim = 16, .depth = 2, .num_heads = 2};
  config.model.num_classes = -1;
  config.diffusion.p_uncond = 0;
  config.sample.solver = "ddim";
  config.sample.steps = 1;
  UViT model(config.model);
  TensorMap weights;
  for (const auto& parameter : model.named_parameters())
    weights[parameter.key()] = parameter.value().detach();
  save_safetensors(folder / "weights.safetensors", weights, {{"uvic.config", config.to_yaml()}});

  for (int repetition = 0; repetition < 3; ++repetition) {
    for (const std::string format : {"png", "subdirs", "zip", "npz"}) {
      const auto out = folder / ("out-" + format);
      const auto began = Clock::now();
      const auto result = uvic::testing::run(
          "uvic-fid dump --checkpoint " + (folder / "weights.safetensors").string() + " --num " +
          std::to_string(kImages) + " --format " + format + " --out " + out.string() + " " + options);
      const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
      const size_t summary = result.err.rfind("wrote ");
      if (result.code != 0 || summary == std::string::npos) {
        std::printf("%s", result.err.c_str());
        return 1;
      }
      std::printf("%-8s %6.0f images/s from start to exit; %s", format.c_str(), kImages / seconds,
                  result.err.substr(result.err.rfind(": ") + 2).c_str());
      std::filesystem::remove_all(out);
      std::filesystem::remove(out.string() + ".manifest.json");
    }
  }
}
