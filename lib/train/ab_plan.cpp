#include "train/ab_plan.h"

#include <algorithm>
#include <set>

#include "core/config.h"
#include "core/errors.h"
#include "core/seeds.h"
#include "core/text.h"

namespace uvic {
namespace {

constexpr size_t kMaxVariants = 64, kMaxNameLength = 100;

struct Axis {
  std::string key;
  std::vector<std::string> values, names;
};

// At commas that stand in no brackets and no quotes.
std::vector<std::string> split_values(const std::string& text) {
  std::vector<std::string> values(1);
  int depth = 0;
  char quote = 0;
  for (const char c : text) {
    if (quote == 0 && (c == '[' || c == ']')) depth += c == '[' ? 1 : -1;
    if (c == '\'' || c == '"') quote = quote == 0 ? c : quote == c ? char(0) : quote;
    if (c == ',' && depth == 0 && quote == 0) {
      values.emplace_back();
    } else {
      values.back() += c;
    }
  }
  for (std::string& value : values) value = trimmed(value);
  return values;
}

std::string fit_for_a_file(const std::string& text) {
  std::string name;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_';
    if (plain) {
      name += c;
    } else if (!name.empty() && name.back() != '_') {
      name += '_';
    }
  }
  while (name.ends_with('_')) name.pop_back();
  return name.empty() ? "none" : name;
}

// A name says what it is; a number does not.
std::string name_of_value(const FieldView& field) {
  const bool speaks = std::holds_alternative<const NamedValue*>(field.value) ||
                      std::holds_alternative<const std::string*>(field.value);
  const std::string value = value_text(field);
  if (!speaks) return field.key.substr(field.key.rfind('.') + 1) + "-" + fit_for_a_file(value);
  return fit_for_a_file(field.is(kPath) ? value.substr(value.rfind('/') + 1) : value);
}

const Field& field_of(const std::vector<Field>& fields, const std::string& key) {
  return *std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.key == key; });
}

// Of whoever sets keys otherwise the error says so.
void set_value(const std::vector<Field>& fields, const std::string& assignment) {
  try {
    set_field(fields, assignment);
  } catch (const UsageError& error) {
    const std::string text = error.what(), other = "--set ";
    usage_error("--ab ", text.starts_with(other) ? text.substr(other.size()) : text);
  }
}

Axis parse_axis(const std::string& text, const std::vector<Field>& scratch) {
  const size_t equals = text.find('=');
  check_usage(equals != std::string::npos && equals > 0, "--ab ", text,
              ": give a key and its values, as in model.attention=cog,softmax");
  Axis axis{.key = trimmed(text.substr(0, equals)), .values = {}, .names = {}};
  check_usage(axis.key != "train.seed", "--ab ", text,
              ": --seeds varies train.seed, for every variant alike");
  std::set<std::string> seen;
  for (const std::string& value : split_values(text.substr(equals + 1))) {
    set_value(scratch, axis.key + "=" + value);
    const Field& field = field_of(scratch, axis.key);
    const std::string problem = problem_with(field);
    check_usage(problem.empty(), "--ab ", axis.key, ": ", problem);
    check_usage(seen.insert(value_text(field)).second, "--ab ", text, ": ", value, " stands twice");
    std::string name = name_of_value(field);
    if (std::find(axis.names.begin(), axis.names.end(), name) != axis.names.end())
      name += "-" + std::to_string(axis.names.size() + 1);
    axis.values.push_back(value), axis.names.push_back(name);
  }
  check_usage(axis.values.size() > 1, "--ab ", text, ": one value cannot be compared; give two or more");
  return axis;
}

}  // namespace

std::vector<AbVariant> ab_variants(const std::vector<std::string>& axes, const std::vector<Field>& scratch) {
  std::vector<AbVariant> variants(1);
  std::set<std::string> keys;
  for (const std::string& text : axes) {
    const Axis axis = parse_axis(text, scratch);
    check_usage(keys.insert(axis.key).second, "--ab ", axis.key, ": is given twice");
    std::vector<AbVariant> product;
    for (const AbVariant& variant : variants) {
      for (size_t i = 0; i < axis.values.size(); ++i) {
        AbVariant more = variant;
        more.name += (more.name.empty() ? "" : "-") + axis.names[i];
        more.assignments.push_back(axis.key + "=" + axis.values[i]);
        check_usage(more.name.size() <= kMaxNameLength, "--ab ", text, ": makes a folder's name of ",
                    more.name.size(), " letters; at most ", kMaxNameLength, " are taken");
        product.push_back(std::move(more));
      }
    }
    variants = std::move(product);
    check_usage(variants.size() <= kMaxVariants, "--ab: at most ", kMaxVariants, " variants, got ",
                variants.size());
  }
  return variants;
}

std::vector<int64_t> ab_seeds(const std::string& text) {
  auto seeds = parse_seeds(text);
  const std::set<int64_t> once(seeds.begin(), seeds.end());
  check_usage(once.size() == seeds.size(), "--seeds ", text, ": a seed stands twice");
  return seeds;
}

std::string ab_run_name(const AbVariant& variant, int64_t seed) {
  return variant.name + "-seed" + std::to_string(seed);
}

}  // namespace uvic
