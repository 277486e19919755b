#include "loaded_model.h"

#include <algorithm>

#include "io/tensor_file.h"
#include "sampling/weights_file.h"
#include "train/weights.h"

namespace uvic {

LoadedModel find_model(const std::string& checkpoint, const std::string& weights,
                       const ConfigOptions& options) {
  LoadedModel loaded;
  loaded.file = find_weights_file(checkpoint, weights);
  const std::string source = loaded.file.string();
  const auto metadata = load_tensor_file_metadata(loaded.file);
  const auto own_yaml = metadata.find("uvic.config");
  const bool bare = own_yaml == metadata.end();
  loaded.configured = !bare || options.gives_model();
  loaded.config = options.resolve(bare ? "" : own_yaml->second, source);

  Config own = own_config(metadata, source).value_or(Config());
  const auto differing = differing_keys(own, loaded.config);
  for (const Field& field : fields_of(loaded.config)) {
    const bool differs = std::find(differing.begin(), differing.end(), field.key) != differing.end();
    if (field.key.starts_with("sample.")) continue;
    if (differs || (bare && field.key.starts_with("model.")))
      loaded.overrides.push_back(field.key + "=" + value_text(field));
  }
  return loaded;
}

void load_weights_of(LoadedModel& loaded, c10::Device device) {
  loaded.model = std::make_shared<UViT>(loaded.config.model);
  load_weights_file(*loaded.model, loaded.file);
  loaded.model->to(device);
  loaded.model->eval();
}

}  // namespace uvic
