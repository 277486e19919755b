// The network in a file of weights as people have them: under a prefix, in a dict of several, beside an
// optimiser.
#pragma once
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/tensor_file.h"
#include "nn/parameters.h"

namespace uvic {

/// By what the tensors of a network are known among others.
struct NetworkKind {
  std::string_view name;                      ///< "U-ViT", for messages
  std::span<const std::string_view> anchors;  ///< every one has these; of two the prefix is one of a network
  std::span<const std::string_view> parts;    ///< what the names of its tensors begin with
  std::span<const std::string_view> buffers;  ///< beside its parameters, of no use here
};
extern const NetworkKind kUViTNetwork, kCogformerNetwork;

/// One network among the tensors of a file.
struct StoredNetwork {
  std::string prefix;                ///< of its tensors' names: "", "state_dict.model."
  size_t nested = 0;                 ///< as much of that says where they lie, the rest is part of their names
  std::vector<size_t> tensors = {};  ///< indexes of the file's
  std::vector<std::string> names = {};  ///< without the prefix, or those of the network whose average it is

  /// "state_dict.model": what picks it.
  std::string key() const { return prefix.substr(0, prefix.empty() ? 0 : prefix.size() - 1); }
  /// Whether its key calls it an average ("ema", "ema_model", "shadow_params").
  bool is_average() const;
};

/// Those of a kind in `file`, in its order; and lists without names that have the shapes of such a network,
/// one by one in its order: averages as torch_ema and diffusers' EMAModel keep them.
std::vector<StoredNetwork> networks_of(const TensorReader& file, const NetworkKind& kind = kUViTNetwork);

/// A file of weights and which of the networks in it is meant.
class WeightsFile {
 public:
  /// `weights`: the key of a network or the beginning of keys; "ema" is also the average, "raw" the one that
  /// is none; "ema" is content with a network that has no average. A file with one network alone is that one
  /// whatever the average's decay or width. UsageError as open_tensor_file; where no network is meant, or
  /// several could be, it lists what is there; `option` is what the user wrote `path` behind.
  WeightsFile(const std::filesystem::path& path, const std::string& weights,
              const std::string& option = "--checkpoint", const NetworkKind& kind = kUViTNetwork);

  std::string name() const { return file_->name(); }
  const std::map<std::string, std::string>& metadata() const { return file_->metadata(); }
  /// See TensorReader.
  const std::map<std::string, std::string>& settings() const { return file_->settings(); }
  /// By the network's own names.
  const ParameterShapes& shapes() const { return shapes_; }
  /// A line on what was taken and what was passed over; empty where there was nothing to choose.
  std::string note() const;
  /// UsageError for damaged tensors.
  TensorFile read() const;

 private:
  std::unique_ptr<TensorReader> file_;
  StoredNetwork network_;
  std::string others_;  // keys of the file's other networks
  ParameterShapes shapes_;
};

}  // namespace uvic
