#include "lm_convert.h"

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <iostream>

#include "core/device.h"
#include "core/errors.h"
#include "core/log.h"
#include "core/text.h"
#include "io/atomic_file.h"
#include "io/output_path.h"
#include "io/safetensors.h"
#include "io/save_pth.h"
#include "language/transformers.h"
#include "nn/cogformer.h"
#include "nn/parameters.h"
#include "number_types.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

void check_free_folder(const fs::path& out) {
  check_output_folder("--out", out);
  check_usage(!fs::exists(out), "--out ", out.string(), ": is there already; name a new folder");
}

}  // namespace

void LanguageConvertCommand::add_to(CLI::App& app) {
  model.add_to(app);
  app.add_option("--out", out,
                 "X.safetensors, the configuration inside, or X.pth, which Python's torch.load reads; with "
                 "--layout transformers a new folder, for its from_pretrained")
      ->required();
  app.add_option(
         "--layout", layout,
         "names and shapes of the weights: authors, the Cog Attention paper's and ours; transformers, "
         "its Llama's (whose attention is softmax)")
      ->check(CLI::IsMember({"authors", "transformers"}))
      ->capture_default_str();
  add_dtype(app, dtype);
}

int LanguageConvertCommand::run() const {
  const bool llama = layout == "transformers";
  if (llama) {
    check_free_folder(out);
  } else {
    check_output_file("--out", out, {".safetensors", ".pth"});
  }
  const LoadedLanguageModel loaded = model.load();
  const CogformerOptions& options = loaded.recipe().model;
  TensorMap tensors = named_weights(*loaded.model);
  convert_numbers(tensors, dtype, loaded.file.string());
  auto metadata = loaded.metadata;
  metadata["uvic.config"] = loaded.config.to_yaml();
  metadata["uvic.version"] = version_number();
  if (llama) {
    if (options.attention != AttentionKind::kSoftmax)
      log_warning(
          "Llama's code computes softmax attention: what it makes of these weights, which were trained "
          "with model.attention ",
          options.attention, ", is not this model");
    write_directory_atomically(out, [&](const fs::path& folder) {
      save_safetensors(folder / "model.safetensors", transformers_weights(tensors, options),
                       {{"format", "pt"}});
      write_file_atomically(folder / "config.json", transformers_config(options));
    });
  } else {
    (extension_of(out) == ".pth" ? save_pth : save_safetensors)(out, tensors, metadata);
  }
  log_info("wrote ", out, ": ", tensors.size(), " tensors of ",
           format_count(double(count_parameters(*loaded.model))), " numbers, from ", loaded.file.string());
  return kDone;
}

}  // namespace uvic
