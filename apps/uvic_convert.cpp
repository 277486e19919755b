// uvic-convert: weights from one file format, number type or image size to another.
#include <filesystem>
#include <iostream>

#include "app.h"
#include "config_options.h"
#include "core/device.h"
#include "core/environment.h"
#include "core/errors.h"
#include "core/log.h"
#include "core/text.h"
#include "io/output_path.h"
#include "io/safetensors.h"
#include "io/save_pth.h"
#include "nn/parameter_shapes.h"
#include "nn/parameters.h"
#include "number_types.h"
#include "recipe/fit_weights.h"
#include "recipe/load_model.h"
#include "tasks/diffusion/config.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

struct ConvertApp {
  ConfigOptions config;
  std::string input, output, dtype = "keep", weights = "ema";
  bool quiet = false;

  void add_to(CLI::App& app) {
    app.add_option("INPUT", input, "a safetensors or .pth file, a run directory or a checkpoint directory")
        ->required();
    app.add_option("OUTPUT", output,
                   "X.safetensors, the configuration inside, or X.pth, which Python's torch.load reads");
    add_dtype(app, dtype);
    app.add_option("--weights", weights,
                   "in a directory: ema (the largest decay), ema-DECAY, power-WIDTH or raw; in a file of "
                   "several: ema, raw, or the key that they are under")
        ->capture_default_str();
    add_ema_width(app, weights);
    config.add_to(app, {}, "");
    app.add_flag("--quiet", quiet, "only warnings and errors")->group("Machine");
  }

  bool to_pth() const { return extension_of(output) == ".pth"; }

  void check_output() const {
    check_usage(!output.empty(), "OUTPUT: give the file to write, X.safetensors or X.pth");
    check_output_file("", output, {".safetensors", ".pth"});
  }

  // Checks the weights against the model, if that is known, and brings them to its image size.
  void fit(TensorFile& file, const LoadedModel& found) const {
    const std::string source = found.file.string();
    if (!found.configured) {
      if (!to_pth()) require_configuration(found);
      check_weights(shapes_of(file.tensors), file.tensors, source);
      return;
    }
    DiffusionConfig all;  // what training reads is written too, so it must be right
    load_yaml(fields_of(all), found.config.to_yaml(), "the configuration");
    const ModelOptions& model = found.recipe().model;
    fit_image_size(file, model, source);
    check_weights(parameter_shapes(model), file.tensors, source);
    file.metadata["uvic.config"] = found.config.to_yaml();
    file.metadata["uvic.version"] = version_number();
  }

  int run() const {
    set_quiet(quiet);
    if (!config.print_config) check_output();
    const LoadedModel found = find_model(input, weights, config.overlay());
    if (config.print_config) {
      check_usage(found.configured, found.file.string(), ": has no configuration inside");
      std::cout << found.config.to_yaml();
      return kDone;
    }
    TensorFile file = read_weights(found);
    fit(file, found);
    convert_numbers(file.tensors, dtype, found.file.string());
    (to_pth() ? save_pth : save_safetensors)(output, file.tensors, file.metadata);
    int64_t count = 0;
    for (const auto& [name, tensor] : file.tensors) count += tensor.numel();
    log_info("wrote ", output, ": ", file.tensors.size(), " tensors of ", format_count(double(count)),
             " numbers, ", format_bytes(double(fs::file_size(output))), ", from ", found.file.string());
    return kDone;
  }
};

}  // namespace
}  // namespace uvic

int main(int argc, char** argv) {
  uvic::ConvertApp convert;
  return uvic::run_app(
      "uvic-convert", "Converts weights: safetensors, .pth, number types, image sizes.", argc, argv,
      [&](CLI::App& app) { convert.add_to(app); },
      [&] {
        uvic::refuse_ranks("uvic-convert");
        return convert.run();
      });
}
