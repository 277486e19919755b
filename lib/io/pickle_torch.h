// What torch.save's pickles import and call (torch/_utils.py, torch/serialization.py).
#pragma once
#include <c10/util/StringUtil.h>

#include <optional>
#include <stdexcept>
#include <string_view>

#include "io/pickle.h"

namespace uvic {

/// Why a pickle is refused; the machine adds where.
struct PickleRefused : std::runtime_error {
  using std::runtime_error::runtime_error;
};
template <class... Args>
void pickle_check(bool condition, const Args&... what) {
  if (!condition) throw PickleRefused(c10::str(what...));
}

/// nullopt for everything that is neither a tensor nor a plain container.
std::optional<PickleGlobal> find_pickle_global(std::string_view module, std::string_view name);

/// The storage that the persistent id ('storage', type, key, device, size) names.
PickledStorage to_storage(const PickleValue& id);

/// The call torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, metadata]).
PickledTensor rebuild_tensor(const std::vector<PickleValue>& arguments);

/// The call torch._utils._rebuild_parameter(tensor, requires_grad, hooks): the tensor.
const PickledTensor* rebuild_parameter(const std::vector<PickleValue>& arguments);

}  // namespace uvic
