#include "sampling/sweep.h"

#include <algorithm>

#include "core/config.h"
#include "core/errors.h"
#include "core/text.h"
#include "sampling/record.h"

namespace uvic {
namespace {

// Commas within brackets part the numbers of one value.
std::vector<std::string> values_of(const std::string& text) {
  std::vector<std::string> values(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    if (c == ',' && depth == 0) {
      values.emplace_back();
    } else {
      values.back() += c;
    }
  }
  for (std::string& value : values) value = trimmed(value);
  return values;
}

void set_value(SampleOptions& options, const SweepAxis& axis, const std::string& value) {
  set_field(fields_of(options), axis.key + "=" + value);
}

}  // namespace

SweepAxis parse_axis(const std::string& text) {
  const std::string name = "--sweep " + text + ": ";
  const size_t equals = text.find('=');
  check_usage(equals != std::string::npos, name, "must be key=value,value,..., such as cfg=1,1.5,2");
  SweepAxis axis{.key = trimmed(text.substr(0, equals)), .values = values_of(text.substr(equals + 1))};
  if (axis.key.starts_with("sample.")) axis.key = axis.key.substr(7);
  std::replace(axis.key.begin(), axis.key.end(), '-', '_');
  check_usage(!axis.key.starts_with("guide_"), name, "the weights of a guide are loaded once");
  check_usage(axis.values.size() > 1, name, "give several values, such as cfg=1,1.5,2");
  SampleOptions options;
  for (const std::string& value : axis.values) {
    check_usage(!value.empty(), name, "a value is missing between two commas");
    try {
      set_value(options, axis, value);
    } catch (const UsageError& error) {
      usage_error(name, error.what());
    }
  }
  return axis;
}

Sweep::Sweep(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) axes_.push_back(parse_axis(text));
  check_usage(axes_.size() <= 2, "--sweep: a sheet has columns and rows, so there can be two of them, not ",
              axes_.size());
  check_usage(axes_.size() < 2 || axes_[0].key != axes_[1].key, "--sweep: ", axes_[0].key, " is given twice");
}

SampleOptions Sweep::cell(SampleOptions options, size_t index) const {
  set_value(options, axes_[0], axes_[0].values[index % cols()]);
  if (axes_.size() > 1) set_value(options, axes_[1], axes_[1].values[index / cols()]);
  return options;
}

std::string Sweep::name(size_t index) const {
  const std::string column = axes_[0].label(index % cols());
  return axes_.size() > 1 ? column + ", " + axes_[1].label(index / cols()) : column;
}

std::vector<std::string> Sweep::labels(size_t axis) const {
  std::vector<std::string> labels;
  for (size_t i = 0; i < axes_[axis].values.size(); ++i) labels.push_back(axes_[axis].label(i));
  return labels;
}

std::string Sweep::options() const {
  std::vector<std::string> options;
  for (const SweepAxis& axis : axes_)
    options.push_back("--sweep " + shell_quote(axis.key + "=" + join(axis.values, ",")));
  return join(options, " ");
}

}  // namespace uvic
