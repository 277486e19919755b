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

/// Of a kind of its own for tensors and plain containers, kUnknown for everything else.
PickleGlobal pickle_global(std::string_view module, std::string_view name);

/// What a persistent id names that is no storage of a known type: legacy files have classes in such, newer
/// ones storages of types that are not read. nullopt otherwise, also for what is malformed.
std::optional<PickleGlobal> unknown_persistent(const PickleValue& id);

/// The storage that the persistent id ('storage', type, key, device, size[, view of a storage]) names.
PickledStorage to_storage(const PickleValue& id);

/// The call torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, metadata]),
/// or that of before it, which ends with stride.
PickledTensor rebuild_tensor(const std::vector<PickleValue>& arguments);

/// The call torch._utils._rebuild_parameter(tensor, requires_grad, hooks[, state]): the tensor.
const PickledTensor* rebuild_parameter(const std::vector<PickleValue>& arguments);

}  // namespace uvic
