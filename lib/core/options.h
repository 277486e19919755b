// One `visit` list per option struct; loading, defaults, printing, `--set`, help, comparison and the
// checkpoint's copy all come from it, so that a knob is spelled once. No YAML here: see config.h.
#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "core/choice.h"

namespace uvic {

/// What a value may be. Numbers: min <= value <= max (min < value if `open_min`); lists: each element.
/// Strings: one of `choices` unless that is empty.
struct Allowed {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool open_min = false;
  std::vector<std::string> choices = {};
};
Allowed at_least(double min);
Allowed above(double min);
Allowed between(double min, double max);
Allowed one_of(std::vector<std::string> choices);

/// What a key is to whoever goes through the keys without knowing them one by one.
enum Role : unsigned {
  kFreeOnResume = 1,  ///< may change when a run goes on: says where, when or how fast, not what is computed
  kTrainingOnly = 2,  ///< sampling does not read it
  kInterface = 4,     ///< what goes into a network and comes out: two that work together must agree
  kLastBits = 8,      ///< moves a result by at most its last bits
  kPath = 16          ///< a file or folder: `~` at its beginning is the home folder
};

/// Of a key that only some choices of other keys read: whether they are made, and which they are.
struct KeyReaders {
  bool chosen = true;
  std::string whom = {};
};

template <template <class> class Pointer>
using AnyValue = std::variant<Pointer<bool>, Pointer<int64_t>, Pointer<double>, Pointer<std::string>,
                              Pointer<NamedValue>, Pointer<std::vector<int64_t>>,
                              Pointer<std::vector<double>>, Pointer<std::vector<std::string>>>;
template <class T>
using Readable = const T*;
template <class T>
using Writable = T*;

/// One knob: its full key ("optimizer.lr"), where its value lives, what it may be.
struct FieldView {
  std::string key, help;
  AnyValue<Readable> value;
  Allowed allowed;
  unsigned roles = 0;
  KeyReaders readers = {};

  bool is(Role role) const { return (roles & role) != 0; }
};

/// The same, to be written to.
struct Field : FieldView {
  AnyValue<Writable> target;

  Field& mark(unsigned more) {
    roles |= more;
    return *this;
  }
  Field& read_only_by(KeyReaders whom) {
    readers = std::move(whom);
    return *this;
  }
};

/// Collects the fields of option structs. A struct declares `void visit(FieldList& fields)` with one line a
/// knob:
///   fields("lr", lr, "base learning rate", above(0));
/// and a struct of structs:
///   fields.section("optimizer", optimizer);
class FieldList {
 public:
  template <class T>
  Field& operator()(const std::string& name, T& value, std::string help, Allowed allowed = {}) {
    using Kept = std::conditional_t<std::is_base_of_v<NamedValue, T>, NamedValue, T>;
    if constexpr (std::is_same_v<Kept, NamedValue>) allowed.choices = value.names();
    Kept* target = &value;
    return fields_.emplace_back(Field{{prefix_ + name, std::move(help), target, std::move(allowed)}, target});
  }
  template <class Options>
  void section(const std::string& name, Options& options) {
    const std::string outer = prefix_;
    prefix_ += name + ".";
    options.visit(*this);
    prefix_ = outer;
  }
  const std::vector<Field>& fields() const { return fields_; }

 private:
  std::string prefix_;
  std::vector<Field> fields_;
};

/// The fields of `options`, pointing into it: valid while it lives and does not move.
template <class Options>
std::vector<Field> fields_of(Options& options) {
  FieldList list;
  options.visit(list);
  return list.fields();
}
/// The same, to be read.
template <class Options>
std::vector<FieldView> fields_of(const Options& options) {
  const auto fields =
      fields_of(const_cast<Options&>(options));  // `visit` takes addresses and changes nothing
  return {fields.begin(), fields.end()};
}

/// The value as YAML flow text: `2e-04`, `[28, 28]`, `cog`. Numbers are the shortest text that reads back
/// equal.
std::string value_text(const FieldView& field);
/// The same of a number or a text by itself.
std::string value_text(double value);
std::string value_text(const std::string& value);
/// What is allowed, for messages and --help: "a number above 0", "one of cog, softmax".
std::string allowed_text(const FieldView& field);
/// A message naming what is wrong with the current value, empty if nothing is.
std::string problem_with(const FieldView& field);

/// Fields of two structs of one type whose values differ, as they are in `a` and in `b`.
template <class Options>
std::vector<std::pair<FieldView, FieldView>> differing_fields(const Options& a, const Options& b) {
  std::vector<std::pair<FieldView, FieldView>> differing;
  const auto left = fields_of(a), right = fields_of(b);
  for (size_t i = 0; i < left.size(); ++i) {
    if (value_text(left[i]) != value_text(right[i])) differing.emplace_back(left[i], right[i]);
  }
  return differing;
}

/// Their keys.
template <class Options>
std::vector<std::string> differing_keys(const Options& a, const Options& b) {
  std::vector<std::string> keys;
  for (const auto& [left, right] : differing_fields(a, b)) keys.push_back(left.key);
  return keys;
}

[[noreturn]] void refuse_unread(const FieldView& field, const std::string& section);

/// UsageError, naming the key in `section`, for one that is set although nothing reads it (see read_only_by).
template <class Options>
void check_all_read(const Options& options, const std::string& section) {
  for (const auto& [field, standard] : differing_fields(options, Options{})) {
    if (!field.readers.chosen) refuse_unread(field, section);
  }
}

}  // namespace uvic
