#include "sampling/class_policy.h"

#include <filesystem>

#include "core/errors.h"
#include "core/log.h"
#include "core/text.h"
#include "sampling/labels.h"

namespace uvic {
namespace {

std::string some_of(const ClassNames& names) {
  constexpr size_t kMost = 8;
  if (names.size() <= kMost) return join(names, ", ");
  return join({names.begin(), names.begin() + kMost}, ", ") +
         c10::str(" and ", names.size() - kMost, " more");
}

void check_null_label(const ModelOptions& model, const std::string& option) {
  check_usage(
      !model.conditional() || model.null_row() >= 0, option,
      " none: this model was trained without a null label (model.null_label is none), so it draws nothing "
      "without a class");
}

std::string numbered(int64_t number, const ModelOptions& model, const ClassNames& names,
                     const std::string& option) {
  const std::string text = std::to_string(number);
  const auto named = find_class(names, text);
  const bool in_range = 0 <= number && number < model.real_classes();
  if (named && in_range && *named != number) {
    log_warning(option, " ", text, " is class number ", text, ", called '",
                size_t(number) < names.size() ? names[size_t(number)] : "?", "'; the class called '", text,
                "' is number ", *named);
  }
  return named && !in_range ? std::to_string(*named) : text;
}

}  // namespace

std::string class_policy(const std::string& text, const ModelOptions& model, const ClassNames& names,
                         const std::string& option) {
  const int64_t K = model.real_classes();
  check_usage(K > 0 || text == kNoClass, option, " ", text,
              ": this model is unconditional, it has no classes");
  if (text == kNoClass) {
    check_null_label(model, option);
    return text;
  }
  if (const auto number = fixed_class(text)) return numbered(*number, model, names, option);
  if (const auto named = find_class(names, text)) return std::to_string(*named);
  check_usage(!names.empty(), option, " '", text,
              "': these weights hold no names of classes; give a number from 0 to ", K - 1);
  const std::string close = nearest(text, names);
  usage_error(option, " '", text, "': there is no such class",
              close.empty() ? "" : "; did you mean '" + close + "'?",
              close.empty() ? "; there are " + some_of(names) : "");
}

std::string labels_policy(const std::string& text, const ModelOptions& model, const ClassNames& names) {
  if (text == kNoClass || fixed_class(text)) return class_policy(text, model, names, "--labels");
  if (text == "balanced" || text == "random" || text.starts_with('[')) return text;
  // What is near a name is a slip of it; all else is the business of choose_labels.
  std::error_code ignored;
  ClassNames candidates = {"balanced", "random", kNoClass};
  candidates.insert(candidates.end(), names.begin(), names.end());
  const bool slip =
      !std::filesystem::exists(text, ignored) && find_class(names, nearest(text, candidates)).has_value();
  if (model.real_classes() > 0 && (slip || find_class(names, text)))
    return class_policy(text, model, names, "--labels");
  return text;
}

}  // namespace uvic
