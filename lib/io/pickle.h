// The pickles inside torch.save's files, read by a small machine of our own. It can build tensors'
// descriptions and plain containers and nothing else: whatever a file says, no code of anyone runs. What it
// does not know (a Namespace, a NumPy number, a whole module) becomes an object with a name, which is passed
// over or looked into. Protocols 2 to 5 (CPython's Lib/pickletools.py documents the opcodes,
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

/// What a pickle imports. Only the kinds before kUnknown are ever called, by functions of ours.
struct PickleGlobal {
  enum class Kind {
    kOrderedDict,
    kDefaultDict,
    kRebuildTensor,
    kRebuildParameter,
    kRebuildFromType,
    kStorage,
    kUnknown
  };
  Kind kind = Kind::kUnknown;
  std::string_view module, name;
  at::ScalarType dtype = at::kFloat;  ///< of a kStorage
};

struct PickleContainer;
/// std::monostate is None; strings point into the pickle.
using PickleValue = std::variant<std::monostate, bool, int64_t, double, std::string_view, PickleGlobal,
                                 const PickledStorage*, const PickledTensor*, PickleContainer*>;
struct PickleContainer {
  enum class Kind { kTuple, kList, kDict, kObject };
  Kind kind = Kind::kObject;
  /// Of a dict: key, value, key, value ... An object has the same of its items and None, value of all else
  /// that it was made of: arguments, elements, state.
  std::vector<PickleValue> items = {};
  PickleGlobal type = {};  ///< of an object

  /// How many values, or pairs, it has.
  size_t size() const {
    return kind == Kind::kTuple || kind == Kind::kList ? items.size() : items.size() / 2;
  }
};

/// "a list", "an int", "an object of argparse.Namespace" and so on, for messages.
std::string kind_of(const PickleValue& value);

/// What a pickle holds. Owns everything that its values point to, save `bytes`; containers may hold
/// themselves, so mark those that were visited.
class Pickle {
 public:
  /// The one that begins at `start` of `bytes`, which must outlive it. UsageError, `source` first, names the
  /// byte and the opcode.
  Pickle(std::string_view bytes, const std::string& source, size_t start = 0);
  Pickle(const Pickle&) = delete;
  Pickle& operator=(const Pickle&) = delete;
  const PickleValue& root() const { return root_; }
  /// All that it names, also where no tensor views them.
  const std::deque<PickledStorage>& storages() const { return storages_; }
  /// Where it ends in `bytes`.
  size_t end() const { return end_; }

 private:
  friend class PickleMachine;
  std::string_view bytes_;
  size_t end_ = 0;
  std::deque<PickleContainer> containers_;
  std::deque<PickledStorage> storages_;
  std::deque<PickledTensor> tensors_;
  PickleValue root_;
};

}  // namespace uvic
