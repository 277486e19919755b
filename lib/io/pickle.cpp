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
  static constexpr const char* kContainers[] = {"a tuple", "a list", "a dict"};
  auto* const* container = std::get_if<PickleContainer*>(&value);
  if (container == nullptr) return kNames[value.index()];
  const auto& [kind, items, type] = **container;
  if (kind != PickleContainer::Kind::kObject) return kContainers[size_t(kind)];
  return c10::str("an object of ", type.module, ".", type.name);
}

class PickleMachine {
 public:
  PickleMachine(Pickle& pickle, const std::string& source, size_t start)
      : pickle_(pickle), source_(source), at_(start) {}

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
    pickle_.end_ = at_;
  }

 private:
  using Kind = PickleContainer::Kind;
  using Values = std::vector<PickleValue>;

  void step(unsigned char opcode) {
    switch (opcode) {
      case 0x80:
        return check_protocol();
      case 0x95:  // FRAME: how far one could read ahead
        take(sizeof(uint64_t));
        return;
      case '.':
        pickle_.root_ = pop();
        return;
      case '(':
        marks_.push_back(stack_.size());
        return check_count(marks_.size());
      case '0':
        pop();
        return;
      case '1':
        pop_to_mark();
        return;
      case '2':
        return push(top());
      case 'q':
        return memoize(number<uint8_t>());
      case 'r':
        return memoize(number<uint32_t>());
      case 0x94:
        return memoize(memoized_);
      case 'h':
        return recall(number<uint8_t>());
      case 'j':
        return recall(number<uint32_t>());
      case 'Q':
        return push(persistent(pop()));
      case 'c': {
        const std::string_view module = line();
        return push(pickle_global(module, line()));
      }
      case 0x93: {
        const auto name = expect_text(pop()), module = expect_text(pop());
        return push(pickle_global(module, name));
      }
      case 'R': {
        const Values& arguments = expect(Kind::kTuple, pop())->items;
        return push(call(pop(), arguments));
      }
      case 0x81:
      case 0x92:
      case 'o':
      case 'i':
        return make_object(opcode);
      case 'b':
        return build();
      default:
        if (!step_of_value(opcode) && !step_of_container(opcode))
          pickle_check(false, "only torch.save's pickles, of protocols 2 to 5, are read");
    }
  }

  bool step_of_value(unsigned char opcode) {
    switch (opcode) {
      case 'N':
        return push(std::monostate()), true;
      case 0x88:
        return push(true), true;
      case 0x89:
        return push(false), true;
      case 'J':
        return push(int64_t(number<int32_t>())), true;
      case 'K':
        return push(int64_t(number<uint8_t>())), true;
      case 'M':
        return push(int64_t(number<uint16_t>())), true;
      case 0x8a:
        return push(long_number(number<uint8_t>())), true;
      case 0x8b:
        return push(long_number(number<uint32_t>())), true;
      case 'G':
        return push(big_endian_double()), true;
      case 'U':
      case 'C':
      case 0x8c:
        return push(take(number<uint8_t>())), true;
      case 'T':
      case 'B':
      case 'X':
        return push(take(number<uint32_t>())), true;
      case 0x8d:
      case 0x8e:
      case 0x96:
        return push(take(number<uint64_t>())), true;
      case 0x82:  // of a registry that only the writer has
        return take(1), push(object(PickleGlobal{.module = "copyreg", .name = "extension"})), true;
      case 0x83:
        return take(2), push(object(PickleGlobal{.module = "copyreg", .name = "extension"})), true;
      case 0x84:
        return take(4), push(object(PickleGlobal{.module = "copyreg", .name = "extension"})), true;
      default:
        return false;
    }
  }

  bool step_of_container(unsigned char opcode) {
    switch (opcode) {
      case ']':
        return push(container(Kind::kList)), true;
      case 'l':
        return push(container(Kind::kList, pop_to_mark())), true;
      case '}':
        return push(container(Kind::kDict)), true;
      case 'd': {
        const Values items = pop_to_mark();
        push(container(Kind::kDict));
        return set_items(items), true;
      }
      case ')':
        return push(container(Kind::kTuple)), true;
      case 't':
        return push(container(Kind::kTuple, pop_to_mark())), true;
      case 0x85:
      case 0x86:
      case 0x87:
        return push(container(Kind::kTuple, pop_many(opcode - 0x84U))), true;
      case 0x8f:
        return push(object(PickleGlobal{.module = "builtins", .name = "set"})), true;
      case 0x91:
        return push(object(PickleGlobal{.module = "builtins", .name = "frozenset"}, pop_to_mark())), true;
      case 'a':
        return append(pop_many(1)), true;
      case 'e':
      case 0x90:
        return append(pop_to_mark()), true;
      case 's':
        return set_items(pop_many(2)), true;
      case 'u':
        return set_items(pop_to_mark()), true;
      default:
        return false;
    }
  }

  // --- the pickle's bytes
  std::string_view take(size_t count) {
    pickle_check(count <= pickle_.bytes_.size() - at_, "the pickle is truncated (", pickle_.bytes_.size(),
                 " bytes)");
    at_ += count;
    return pickle_.bytes_.substr(at_ - count, count);
  }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  // Little-endian two's complement of `bytes` bytes; none at all is 0. One beyond 64 bits (the state of a
  // random generator has such) is an object.
  PickleValue long_number(size_t bytes) {
    const std::string_view text = take(bytes);
    if (bytes > sizeof(int64_t)) return object(PickleGlobal{.module = "builtins", .name = "int"}, {text});
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
    pickle_check(protocol >= 2 && protocol <= 5, "protocol ", protocol, "; 2 to 5 are read");
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
    // Indexes are counted up, a few bytes of the pickle each: one far beyond would ask for memory in vain.
    pickle_check(index < pickle_.bytes_.size(), "it remembers as ", index);
    if (memo_.size() <= index) memo_.resize(index + 1);
    if (!memo_[index].first) ++memoized_;
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
    return keep(pickle_.containers_, {kind, std::move(items), {}});
  }
  PickleContainer* expect(Kind kind, const PickleValue& value) {
    auto* const* found = std::get_if<PickleContainer*>(&value);
    pickle_check(found != nullptr && (*found)->kind == kind, "it meets ", kind_of(value));
    return *found;
  }
  static std::string_view expect_text(const PickleValue& value) {
    const auto* found = std::get_if<std::string_view>(&value);
    pickle_check(found != nullptr, "it meets ", kind_of(value));
    return *found;
  }
  PickleContainer* top_container(bool (*takes)(Kind)) {
    auto* const* found = std::get_if<PickleContainer*>(&top());
    pickle_check(found != nullptr && takes((*found)->kind), "it meets ", kind_of(top()));
    return *found;
  }
  void set_items(const Values& values) {
    pickle_check(values.size() % 2 == 0, "a key has no value");
    auto& items =
        top_container([](Kind kind) { return kind == Kind::kDict || kind == Kind::kObject; })->items;
    items.insert(items.end(), values.begin(), values.end());
  }
  static void add_to_object(PickleContainer& object, const Values& values) {
    for (const PickleValue& value : values) {
      object.items.emplace_back(std::monostate());
      object.items.push_back(value);
    }
  }
  void append(const Values& values) {
    PickleContainer* target =
        top_container([](Kind kind) { return kind == Kind::kList || kind == Kind::kObject; });
    if (target->kind == Kind::kObject) return add_to_object(*target, values);
    target->items.insert(target->items.end(), values.begin(), values.end());
  }
  // Copies of what the pickle names once could be many.
  PickleContainer* object(const PickleGlobal& type, const Values& parts = {}) {
    check_count(made_ += parts.size());
    PickleContainer* made = container(Kind::kObject);
    made->type = type;
    add_to_object(*made, parts);
    return made;
  }

  PickleValue call(const PickleValue& callee, const Values& arguments) {
    using Global = PickleGlobal::Kind;
    if (auto* const* made = std::get_if<PickleContainer*>(&callee)) {  // what an unknown function returned
      pickle_check((*made)->kind == Kind::kObject, "it calls ", kind_of(callee));
      return object((*made)->type, arguments);
    }
    const auto* function = std::get_if<PickleGlobal>(&callee);
    pickle_check(function != nullptr, "it calls ", kind_of(callee));
    switch (function->kind) {
      case Global::kOrderedDict:
        return ordered_dict(arguments);
      case Global::kDefaultDict:
        return container(Kind::kDict);
      case Global::kRebuildTensor:
        if (is_opaque(arguments)) return object(*function, arguments);
        return keep(pickle_.tensors_, rebuild_tensor(arguments));
      case Global::kRebuildParameter:
        if (is_opaque(arguments)) return object(*function, arguments);
        return rebuild_parameter(arguments);
      case Global::kRebuildFromType: {  // (function, type, arguments, state)
        pickle_check(arguments.size() == 4, "_rebuild_from_type_v2 has ", arguments.size(), " arguments");
        const auto* inner = std::get_if<PickleGlobal>(&arguments[0]);
        const bool known = inner != nullptr && inner->kind != Global::kRebuildFromType;
        return known ? call(arguments[0], expect(Kind::kTuple, arguments[2])->items)
                     : PickleValue(object(*function, arguments));
      }
      case Global::kStorage:
        pickle_check(false, "it calls a storage type");
      case Global::kUnknown:
        break;
    }
    return object(*function, arguments);
  }
  // A tensor of an unknown kind of storage.
  static bool is_opaque(const Values& arguments) {
    auto* const* first = arguments.empty() ? nullptr : std::get_if<PickleContainer*>(&arguments[0]);
    return first != nullptr && (*first)->kind == Kind::kObject;
  }
  // OrderedDict(), or, as Python 2 wrote it, OrderedDict([[key, value], ...]).
  PickleContainer* ordered_dict(const Values& arguments) {
    PickleContainer* dict = container(Kind::kDict);
    if (arguments.empty()) return dict;
    const auto& pairs = expect(Kind::kList, arguments[0])->items;
    check_count(made_ += 2 * pairs.size());
    for (const PickleValue& pair : pairs) {
      auto* const* found = std::get_if<PickleContainer*>(&pair);
      pickle_check(found != nullptr && (*found)->items.size() == 2, "an OrderedDict of something else");
      dict->items.insert(dict->items.end(), (*found)->items.begin(), (*found)->items.end());
    }
    return dict;
  }
  PickleValue persistent(const PickleValue& id) {
    if (const auto unknown = unknown_persistent(id)) return object(*unknown);
    return keep(pickle_.storages_, to_storage(id));
  }
  void make_object(unsigned char opcode) {
    if (opcode == 'i') {
      const std::string_view module = line(), name = line();
      return push(object({.module = module, .name = name}, pop_to_mark()));
    }
    Values parts = opcode == 'o' ? pop_to_mark() : pop_many(opcode == 0x92 ? 3 : 2);
    pickle_check(!parts.empty(), "it makes an object of nothing");
    const PickleValue maker = parts.front();
    parts.erase(parts.begin());
    const auto* type = std::get_if<PickleGlobal>(&maker);
    if (type != nullptr && type->kind == PickleGlobal::Kind::kOrderedDict)
      return push(container(Kind::kDict));
    auto* const* made = std::get_if<PickleContainer*>(&maker);
    const bool opaque = made != nullptr && (*made)->kind == Kind::kObject;
    pickle_check(type != nullptr || opaque, "it makes an object of ", kind_of(maker));
    push(object(type != nullptr ? *type : (*made)->type, parts));
  }
  // Of an OrderedDict the `_metadata` of a state dict, of a tensor its attributes: only Python reads them.
  void build() {
    const PickleValue state = pop();
    auto* const* target = std::get_if<PickleContainer*>(&top());
    if (target != nullptr && (*target)->kind == Kind::kObject) return add_to_object(**target, {state});
    const bool tensor = std::holds_alternative<const PickledTensor*>(top());
    pickle_check(tensor || (target != nullptr && (*target)->kind == Kind::kDict), "it meets ",
                 kind_of(top()));
  }

  Pickle& pickle_;
  const std::string& source_;
  size_t at_ = 0, made_ = 0, memoized_ = 0;
  Values stack_;
  std::vector<size_t> marks_;
  std::vector<std::pair<bool, PickleValue>> memo_;
};

Pickle::Pickle(std::string_view bytes, const std::string& source, size_t start) : bytes_(bytes) {
  PickleMachine(*this, source, start).run();
}

}  // namespace uvic
