// What the classes of a network are called: a record in weights files, looked up by --class.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace uvic {

/// By their numbers; empty: the classes are known by their numbers alone.
using ClassNames = std::vector<std::string>;

/// The metadata of weights files that holds them, a JSON list.
inline constexpr auto kClassNamesKey = "uvic.classes";

std::string class_names_to_json(const ClassNames& names);
/// Empty where there are none (also in files of before they were recorded). UsageError, `source` first, if
/// the record is damaged.
ClassNames class_names_of(const std::map<std::string, std::string>& metadata, const std::string& source);

/// "classes: 0 ants, 1 cats, ...", all of them, in lines of about 100 columns.
std::string describe_classes(const ClassNames& names);

/// The number of the class called `name`, in any Unicode form.
std::optional<int64_t> find_class(const ClassNames& names, const std::string& name);

}  // namespace uvic
