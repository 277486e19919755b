// One `visit` list per option struct; loading, defaults, printing, `--set`, help, comparison and the
// checkpoint's copy all come from it, so that a knob is spelled once. No YAML here: see config.h.
#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

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

using FieldPointer = std::variant<bool*, int64_t*, double*, std::string*, std::vector<int64_t>*,
                                  std::vector<double>*, std::vector<std::string>*>;

/// One knob: its full key ("optimizer.lr"), where its value lives, what it may be.
struct Field {
  std::string key, help;
  FieldPointer value;
  Allowed allowed;
};

/// Collects the fields of option structs. A struct declares `void visit(FieldList& fields)` with one line a
/// knob:
///   fields("lr", lr, "base learning rate", above(0));
/// and a struct of structs:
///   fields.section("optimizer", optimizer);
class FieldList {
 public:
  template <class T>
  void operator()(const std::string& name, T& value, std::string help, Allowed allowed = {}) {
    fields_.push_back({prefix_ + name, std::move(help), &value, std::move(allowed)});
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

/// The value as YAML flow text: `2e-04`, `[28, 28]`, `cog`. Numbers are the shortest text that reads back
/// equal.
std::string value_text(const Field& field);
/// What is allowed, for messages and --help: "a number above 0", "one of cog, softmax".
std::string allowed_text(const Field& field);
/// A message naming what is wrong with the current value, empty if nothing is.
std::string problem_with(const Field& field);

/// Keys whose values differ between two structs of one type.
template <class Options>
std::vector<std::string> differing_keys(Options& a, Options& b) {
  std::vector<std::string> keys;
  const auto left = fields_of(a), right = fields_of(b);
  for (size_t i = 0; i < left.size(); ++i) {
    if (value_text(left[i]) != value_text(right[i])) keys.push_back(left[i].key);
  }
  return keys;
}

}  // namespace uvic
