// The tensors inside a pickle, wherever they lie.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/pickle.h"
#include "io/pickle_numpy.h"

namespace uvic {

struct FoundTensors {
  struct Tensor {
    std::string name;   ///< keys and indexes on the way to it, with dots between
    size_t nested = 0;  ///< as much of it says where the dict or object that names the tensor lies
    const PickledTensor* tensor = nullptr;
    std::optional<PickledArray> array = {};  ///< where it is no tensor
  };
  std::vector<Tensor> tensors;      ///< in the pickle's order
  std::vector<std::string> unread;  ///< names of tensors and arrays of kinds that are not read
};

/// UsageError, `source` first, where names and tensors are too many to be weights. What lies more than 100
/// containers deep is passed over, and so is a container's second place. Of a module that was pickled whole
/// the names are those of its state dict.
FoundTensors tensors_of(const PickleValue& root, const std::string& source);

/// Numbers and texts in the dicts at the top and in those inside it, by their keys with dots between; at most
/// 1000, of at most 1000 letters.
std::map<std::string, std::string> settings_of(const PickleValue& root);

/// "a dict of 3 (step, ema, model)", "a list of 3 (a dict, an int, a tensor)", "an int".
std::string outline_of(const PickleValue& root);

}  // namespace uvic
