#include "loaded_model.h"

#include <algorithm>

#include "core/config.h"
#include "core/errors.h"
#include "io/safetensors.h"
#include "nn/weights.h"
#include "sampling/weights_file.h"

namespace uvic {

LoadedModel find_model(const std::string& checkpoint, const std::string& weights,
                       const ConfigOptions& options) {
  LoadedModel loaded;
  loaded.file = find_weights_file(checkpoint, weights);
  const auto metadata = load_safetensors_metadata(loaded.file);
  const auto own_yaml = metadata.find("uvic.config");
  const std::string yaml = own_yaml == metadata.end() ? "" : own_yaml->second;
  loaded.config = options.resolve(yaml, loaded.file.string());

  Config own;
  load_yaml(fields_of(own), yaml, loaded.file.string());
  const auto differing = differing_keys(own, loaded.config);
  for (const Field& field : fields_of(loaded.config)) {
    const bool differs = std::find(differing.begin(), differing.end(), field.key) != differing.end();
    if (differs && !field.key.starts_with("sample."))
      loaded.overrides.push_back(field.key + "=" + value_text(field));
  }
  return loaded;
}

void load_weights_of(LoadedModel& loaded, c10::Device device) {
  loaded.model = std::make_shared<UViT>(loaded.config.model);
  load_weights(*loaded.model, load_safetensors(loaded.file).tensors, loaded.file.string());
  loaded.model->to(device);
  loaded.model->eval();
}

}  // namespace uvic
