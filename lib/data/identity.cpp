#include "data/identity.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/errors.h"

namespace uvic {
namespace {

using Names = std::vector<std::string>;

constexpr size_t kMostNamed = 4;  // clauses of one kind

bool holds(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// "class 'x' is new" for the names of `names` that are neither in `others` nor in `told`.
Names clauses_for_missing(const Names& names, const Names& others, const Names& told, const char* what) {
  Names clauses;
  for (const std::string& name : names) {
    if (!holds(others, name) && !holds(told, name)) clauses.push_back(c10::str("class '", name, "' ", what));
  }
  return clauses;
}

void append_some(const Names& clauses, Names& all) {
  const size_t named = std::min(clauses.size(), kMostNamed);
  all.insert(all.end(), clauses.begin(), clauses.begin() + std::ptrdiff_t(named));
  if (clauses.size() > named) all.push_back(c10::str("and ", clauses.size() - named, " more of these"));
}

void compare_names(const Names& then, const Names& now, Names& clauses) {
  Names renumbered, told;  // told: a name that took the place of another needs no second clause
  for (size_t i = 0; i < std::min(then.size(), now.size()); ++i) {
    if (then[i] == now[i]) continue;
    renumbered.push_back(c10::str("class ", i, " was '", then[i], "', now '", now[i], "'"));
    if (!holds(now, then[i]) && !holds(then, now[i])) {
      told.push_back(then[i]);
      told.push_back(now[i]);
    }
  }
  append_some(renumbered, clauses);
  append_some(clauses_for_missing(now, then, told, "is new"), clauses);
  append_some(clauses_for_missing(then, now, told, "is gone"), clauses);
}

}  // namespace

std::string to_json(const DataIdentity& identity) {
  const nlohmann::ordered_json json = {{"images", identity.images},
                                       {"shape", identity.shape},
                                       {"classes", identity.num_classes},
                                       {"class_names", identity.class_names},
                                       {"sha256", identity.sha256}};
  return json.dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::ordered_json::error_handler_t::replace);
}

DataIdentity identity_from_json(const std::string& text, const std::string& name) {
  DataIdentity identity;
  try {
    const auto json = nlohmann::json::parse(text);
    json.at("images").get_to(identity.images);
    json.at("shape").get_to(identity.shape);
    json.at("classes").get_to(identity.num_classes);
    json.at("class_names").get_to(identity.class_names);
    json.at("sha256").get_to(identity.sha256);
  } catch (const nlohmann::json::exception& error) {
    usage_error(name, ": does not say what the data are: ", error.what());
  }
  return identity;
}

std::vector<std::string> differences(const DataIdentity& then, const DataIdentity& now) {
  Names clauses;
  if (then.images != now.images)
    clauses.push_back(c10::str(then.images, " images then, ", now.images, " now"));
  if (then.shape != now.shape) {
    const auto text = [](const ImageShape& s) { return c10::str(s[0], "x", s[1], "x", s[2]); };
    clauses.push_back(c10::str("images of ", text(then.shape), " then, ", text(now.shape), " now"));
  }
  if (then.num_classes != now.num_classes)
    clauses.push_back(c10::str(then.num_classes, " classes then, ", now.num_classes, " now"));
  if (then.class_names.empty() != now.class_names.empty()) {
    clauses.push_back(then.class_names.empty() ? "classes were numbers, now they have names"
                                               : "classes had names, now they are numbers");
  } else {
    compare_names(then.class_names, now.class_names, clauses);
  }
  if (clauses.empty() && then.sha256 != now.sha256)
    clauses.push_back("the same counts and classes, but other files, labels or pixels");
  return clauses;
}

}  // namespace uvic
