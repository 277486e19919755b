// The pickles inside torch.save's files, read by a small machine of our own. It can build tensors'
// descriptions and plain containers and nothing else: whatever a file says, no code of anyone runs. Protocol
// 2, which is what torch.save writes (CPython's Lib/pickletools.py documents the opcodes,
// torch/serialization.py their use).
//
// LibTorch's own torch::pickle_load does not do (tried with 2.11): it makes None of an OrderedDict, which
// every state dict is, and then fails on it; it passes on tensors that leave their storage and storages
// longer than their entry, so that whoever uses them reads foreign memory; and it wants the whole file in
// memory first.
#pragma once
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace uvic {

/// One storage of the archive: entry data/<key>, `size` elements.
struct PickledStorage {
  at::ScalarType dtype = at::kFloat;
  std::string_view key;
  int64_t size = 0;
};

/// A view of a storage, as the pickle describes it: nothing is checked but the types.
struct PickledTensor {
  PickledStorage storage;
  int64_t offset = 0;  ///< in elements, as the strides
  std::vector<int64_t> sizes, strides;
};

/// The few things that a pickle may import.
struct PickleGlobal {
  enum class Kind { kOrderedDict, kRebuildTensor, kRebuildParameter, kStorage } kind;
  at::ScalarType dtype = at::kFloat;  ///< of a kStorage
};

struct PickleContainer;
/// std::monostate is None; strings point into the pickle.
using PickleValue = std::variant<std::monostate, bool, int64_t, double, std::string_view, PickleGlobal,
                                 const PickledStorage*, const PickledTensor*, PickleContainer*>;
struct PickleContainer {
  enum class Kind { kTuple, kList, kDict } kind;
  std::vector<PickleValue> items;  ///< of a dict: key, value, key, value ...
};

/// "a list", "an int" and so on, for messages.
std::string kind_of(const PickleValue& value);

/// What a pickle holds. Owns everything that its values point to; containers may hold themselves, so walk
/// them to a fixed depth only.
class Pickle {
 public:
  /// UsageError, `source` first, names the byte, the opcode and, where there is one, the global that is
  /// refused.
  Pickle(std::string bytes, const std::string& source);
  Pickle(const Pickle&) = delete;
  Pickle& operator=(const Pickle&) = delete;
  const PickleValue& root() const { return root_; }

 private:
  friend class PickleMachine;
  std::string bytes_;
  std::deque<PickleContainer> containers_;
  std::deque<PickledStorage> storages_;
  std::deque<PickledTensor> tensors_;
  PickleValue root_;
};

}  // namespace uvic
