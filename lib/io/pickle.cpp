#include "io/pickle.h"

#include <bit>
#include <cstring>
#include <iterator>

#include "core/errors.h"
#include "io/pickle_torch.h"

namespace uvic {
namespace {

// On the values that a pickle makes and remembers: a state dict of 100,000 tensors makes 2 million.
constexpr size_t kMaxValues = 4'000'000;

// Opcodes of all protocols, so that a refusal can name them.
// clang-format off
constexpr std::pair<unsigned char, const char*> kOpcodes[] = {
    {'(', "MARK"}, {'.', "STOP"}, {'G', "BINFLOAT"}, {'J', "BININT"}, {'K', "BININT1"}, {'M', "BININT2"},
    {'N', "NONE"}, {'Q', "BINPERSID"}, {'R', "REDUCE"}, {'X', "BINUNICODE"}, {'a', "APPEND"},
    {'b', "BUILD"}, {'c', "GLOBAL"}, {'e', "APPENDS"}, {'h', "BINGET"}, {'j', "LONG_BINGET"},
    {'q', "BINPUT"}, {'r', "LONG_BINPUT"}, {'s', "SETITEM"}, {'t', "TUPLE"}, {'u', "SETITEMS"},
    {')', "EMPTY_TUPLE"}, {']', "EMPTY_LIST"}, {'}', "EMPTY_DICT"}, {0x80, "PROTO"}, {0x85, "TUPLE1"},
    {0x86, "TUPLE2"}, {0x87, "TUPLE3"}, {0x88, "NEWTRUE"}, {0x89, "NEWFALSE"}, {0x8a, "LONG1"},
    {'0', "POP"}, {'1', "POP_MARK"}, {'2', "DUP"}, {'B', "BINBYTES"}, {'C', "SHORT_BINBYTES"},
    {'F', "FLOAT"}, {'I', "INT"}, {'L', "LONG"}, {'P', "PERSID"}, {'S', "STRING"}, {'T', "BINSTRING"},
    {'U', "SHORT_BINSTRING"}, {'V', "UNICODE"}, {'d', "DICT"}, {'g', "GET"}, {'i', "INST"}, {'l', "LIST"},
    {'o', "OBJ"}, {'p', "PUT"}, {0x81, "NEWOBJ"}, {0x82, "EXT1"}, {0x83, "EXT2"}, {0x84, "EXT4"},
    {0x8b, "LONG4"}, {0x8c, "SHORT_BINUNICODE"}, {0x8d, "BINUNICODE8"}, {0x8e, "BINBYTES8"},
    {0x8f, "EMPTY_SET"}, {0x90, "ADDITEMS"}, {0x91, "FROZENSET"}, {0x92, "NEWOBJ_EX"},
    {0x93, "STACK_GLOBAL"}, {0x94, "MEMOIZE"}, {0x95, "FRAME"}, {0x96, "BYTEARRAY8"}, {0x97, "NEXT_BUFFER"},
    {0x98, "READONLY_BUFFER"}};
// clang-format on

std::string name_of(unsigned char opcode) {
  for (const auto& [code, name] : kOpcodes) {
    if (code == opcode) return name;
  }
  return c10::str("opcode ", int(opcode));
}

}  // namespace

std::string kind_of(const PickleValue& value) {
  static constexpr const char* kNames[] = {"None",     "a bool",     "an int",    "a float",
                                           "a string", "a function", "a storage", "a tensor"};
  auto* const* container = std::get_if<PickleContainer*>(&value);
  if (container == nullptr) return kNames[value.index()];
  using Kind = PickleContainer::Kind;
  return (*container)->kind == Kind::kDict   ? "a dict"
         : (*container)->kind == Kind::kList ? "a list"
                                             : "a tuple";
}

class PickleMachine {
 public:
  PickleMachine(Pickle& pickle, const std::string& source) : pickle_(pickle), source_(source) {}

  void run() {
    unsigned char opcode = 0;
    do {
      const size_t place = at_;
      opcode = 0;
      try {
        opcode = static_cast<unsigned char>(take(1)[0]);
        step(opcode);
      } catch (const PickleRefused& refused) {
        usage_error(source_, ": its pickle is refused at byte ", place, opcode != 0 ? ", " : "",
                    opcode != 0 ? name_of(opcode) : "", ": ", refused.what());
      }
    } while (opcode != '.');
  }

 private:
  using Kind = PickleContainer::Kind;
  using Values = std::vector<PickleValue>;

  void step(unsigned char opcode) {
    switch (opcode) {
      case 0x80:
        return check_protocol();
      case '.':
        pickle_.root_ = pop();
        return;
      case '(':
        marks_.push_back(stack_.size());
        return check_count(marks_.size());
      case 'N':
        return push(std::monostate());
      case 0x88:
        return push(true);
      case 0x89:
        return push(false);
      case 'J':
        return push(int64_t(number<int32_t>()));
      case 'K':
        return push(int64_t(number<uint8_t>()));
      case 'M':
        return push(int64_t(number<uint16_t>()));
      case 0x8a:
        return push(long_number(number<uint8_t>()));
      case 'G':
        return push(big_endian_double());
      case 'X':
        return push(take(number<uint32_t>()));
      case 'c':
        return push(global());
      case ']':
        return push(container(Kind::kList));
      case '}':
        return push(container(Kind::kDict));
      case ')':
        return push(container(Kind::kTuple));
      case 't':
        return push(container(Kind::kTuple, pop_to_mark()));
      case 0x85:
      case 0x86:
      case 0x87:
        return push(container(Kind::kTuple, pop_many(opcode - 0x84U)));
      case 'a':
        return extend(Kind::kList, pop_many(1));
      case 'e':
        return extend(Kind::kList, pop_to_mark());
      case 's':
        return extend(Kind::kDict, pop_many(2));
      case 'u':
        return extend(Kind::kDict, pop_to_mark());
      case 'q':
        return memoize(number<uint8_t>());
      case 'r':
        return memoize(number<uint32_t>());
      case 'h':
        return recall(number<uint8_t>());
      case 'j':
        return recall(number<uint32_t>());
      case 'Q':
        return push(keep(pickle_.storages_, to_storage(pop())));
      case 'R':
        return reduce();
      case 'b':
        return build();
      default:
        pickle_check(false, "only tensors and plain containers are read");
    }
  }

  // --- the pickle's bytes
  std::string_view take(size_t count) {
    pickle_check(count <= pickle_.bytes_.size() - at_, "the pickle is truncated (", pickle_.bytes_.size(),
                 " bytes)");
    at_ += count;
    return std::string_view(pickle_.bytes_).substr(at_ - count, count);
  }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  // Little-endian two's complement of `bytes` bytes; none at all is 0.
  int64_t long_number(size_t bytes) {
    pickle_check(bytes <= sizeof(int64_t), "an integer of ", bytes, " bytes is beyond 64 bits");
    const std::string_view text = take(bytes);
    const bool negative = bytes > 0 && (text.back() & 0x80) != 0;
    int64_t value = negative ? -1 : 0;
    std::memcpy(&value, text.data(), bytes);
    return value;
  }
  double big_endian_double() { return std::bit_cast<double>(__builtin_bswap64(number<uint64_t>())); }
  std::string_view line() {
    const size_t end = pickle_.bytes_.find('\n', at_);
    pickle_check(end != std::string::npos, "the pickle is truncated (", pickle_.bytes_.size(), " bytes)");
    const std::string_view text = take(end - at_);
    take(1);
    return text;
  }
  void check_protocol() {
    const int protocol = number<uint8_t>();
    pickle_check(protocol == 2, "protocol ", protocol, "; torch.save writes 2 unless told otherwise");
  }
  PickleGlobal global() {
    const std::string_view module = line(), name = line();
    const auto found = find_pickle_global(module, name);
    pickle_check(found.has_value(), module, ".", name,
                 " is neither a tensor nor a plain container; only those are read, and nothing was run");
    return *found;
  }

  // --- the stack
  static void check_count(size_t count) {
    pickle_check(count <= kMaxValues, "more than ", kMaxValues, " values");
  }
  void push(PickleValue value) {
    check_count(++made_);
    stack_.push_back(value);
  }
  size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  PickleValue& top() {
    pickle_check(stack_.size() > floor(), "the stack is empty");
    return stack_.back();
  }
  PickleValue pop() {
    const PickleValue value = top();
    stack_.pop_back();
    return value;
  }
  Values pop_many(size_t count) {
    pickle_check(stack_.size() - floor() >= count, "the stack is empty");
    const auto first = stack_.end() - static_cast<std::ptrdiff_t>(count);
    Values values(first, stack_.end());
    stack_.erase(first, stack_.end());
    return values;
  }
  Values pop_to_mark() {
    pickle_check(!marks_.empty(), "there is no mark");
    Values values = pop_many(stack_.size() - floor());
    marks_.pop_back();
    return values;
  }
  void memoize(size_t index) {
    check_count(index);
    if (memo_.size() <= index) memo_.resize(index + 1);
    memo_[index] = {true, top()};
  }
  void recall(size_t index) {
    pickle_check(index < memo_.size() && memo_[index].first, "nothing was remembered as ", index);
    push(memo_[index].second);
  }

  // --- containers and calls
  template <class T>
  static T* keep(std::deque<T>& store, T value) {
    return &store.emplace_back(std::move(value));
  }
  PickleContainer* container(Kind kind, Values items = {}) {
    return keep(pickle_.containers_, {kind, std::move(items)});
  }
  PickleContainer* expect(Kind kind, const PickleValue& value) {
    auto* const* found = std::get_if<PickleContainer*>(&value);
    pickle_check(found != nullptr && (*found)->kind == kind, "it meets ", kind_of(value));
    return *found;
  }
  void extend(Kind kind, Values values) {
    pickle_check(kind == Kind::kList || values.size() % 2 == 0, "a key has no value");
    auto& items = expect(kind, top())->items;
    items.insert(items.end(), values.begin(), values.end());
  }
  void reduce() {
    const Values arguments = expect(Kind::kTuple, pop())->items;
    const PickleValue callee = pop();
    const auto* function = std::get_if<PickleGlobal>(&callee);
    pickle_check(function != nullptr, "it calls ", kind_of(callee));
    switch (function->kind) {
      case PickleGlobal::Kind::kOrderedDict:
        pickle_check(arguments.empty(), "an OrderedDict with arguments");
        return push(container(Kind::kDict));
      case PickleGlobal::Kind::kRebuildTensor:
        return push(keep(pickle_.tensors_, rebuild_tensor(arguments)));
      case PickleGlobal::Kind::kRebuildParameter:
        return push(rebuild_parameter(arguments));
      case PickleGlobal::Kind::kStorage:
        pickle_check(false, "it calls a storage type");
    }
  }
  // Attributes of an OrderedDict: the `_metadata` of a state dict, which only PyTorch's modules read.
  void build() {
    const PickleValue state = pop();
    expect(Kind::kDict, state);
    expect(Kind::kDict, top());
  }

  Pickle& pickle_;
  const std::string& source_;
  size_t at_ = 0, made_ = 0;
  Values stack_;
  std::vector<size_t> marks_;
  std::vector<std::pair<bool, PickleValue>> memo_;
};

Pickle::Pickle(std::string bytes, const std::string& source) : bytes_(std::move(bytes)) {
  PickleMachine(*this, source).run();
}

}  // namespace uvic
