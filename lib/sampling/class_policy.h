// What users write for classes, in the terms of choose_labels.
#pragma once
#include <string>

#include "nn/options.h"
#include "recipe/class_names.h"

namespace uvic {

/// `text` of --class: a number, a name of `names`, or "none", the null label. A text that is both a number in
/// range and the name of another class is the number, and a warning says so. Returns a policy of
/// choose_labels: the number, or "none". UsageError: no such class (the nearest name is given), or no null
/// label.
std::string class_policy(const std::string& text, const ModelOptions& model, const ClassNames& names,
                         const std::string& option = "--class");

/// `text` of --labels: a policy of choose_labels, or what --class takes.
std::string labels_policy(const std::string& text, const ModelOptions& model, const ClassNames& names);

}  // namespace uvic
