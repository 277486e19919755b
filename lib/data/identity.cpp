#include "data/identity.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/errors.h"

namespace uvic {
namespace {

using Names = std::vector<std::string>;
using Json = nlohmann::ordered_json;

constexpr size_t kMostClauses = 4;  // clauses of one kind
constexpr auto kHeldOut = "held_out";

bool contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// "class 'x' is new" for the names of `names` that are neither in `others` nor in `told`.
Names clauses_for_missing(const Names& names, const Names& others, const Names& told, const char* what) {
  Names clauses;
  for (const std::string& name : names) {
    if (!contains(others, name) && !contains(told, name))
      clauses.push_back(c10::str("class '", name, "' ", what));
  }
  return clauses;
}

void append_some(const Names& clauses, Names& all) {
  const size_t named = std::min(clauses.size(), kMostClauses);
  all.insert(all.end(), clauses.begin(), clauses.begin() + std::ptrdiff_t(named));
  if (clauses.size() > named) all.push_back(c10::str("and ", clauses.size() - named, " more of these"));
}

/// Of the classes that are there both then and now: those that gained or lost images.
Names clauses_for_counts(const DataIdentity& then, const DataIdentity& now) {
  Names clauses;
  const bool named = !then.class_names.empty();
  const size_t classes =
      named ? std::min(then.class_counts.size(), then.class_names.size()) : then.class_counts.size();
  for (size_t i = 0; i < classes; ++i) {
    size_t j = i;
    if (named) {
      const auto& names = now.class_names;
      j = size_t(std::find(names.begin(), names.end(), then.class_names[i]) - names.begin());
    }
    if (j >= now.class_counts.size() || then.class_counts[i] == now.class_counts[j]) continue;
    const std::string name = named ? "'" + then.class_names[i] + "'" : std::to_string(i);
    clauses.push_back(
        c10::str("class ", name, " had ", then.class_counts[i], " images, now ", now.class_counts[j]));
  }
  return clauses;
}

bool part_differs(const DataIdentity& then, const DataIdentity& now, const char* part) {
  return then.parts.contains(part) && now.parts.contains(part) && then.parts.at(part) != now.parts.at(part);
}

/// What else is not the same, where counts and classes are.
std::string other_part(const DataIdentity& then, const DataIdentity& now) {
  if (then.parts.empty() || now.parts.empty()) return "files, labels or pixels";
  if (part_differs(then, now, "names")) return "file names";
  if (part_differs(then, now, "labels")) return "labels";
  return now.parts.contains("names") ? "sizes of files" : "pixels";
}

void compare_names(const Names& then, const Names& now, Names& clauses) {
  Names renumbered, told;  // told: a name that took the place of another needs no second clause
  if (then != now && std::is_permutation(then.begin(), then.end(), now.begin(), now.end()))
    clauses.emplace_back(
        "the same classes in another order (names are numbered in natural order: 2 before 10)");
  for (size_t i = 0; i < std::min(then.size(), now.size()); ++i) {
    if (then[i] == now[i]) continue;
    renumbered.push_back(c10::str("class ", i, " was '", then[i], "', now '", now[i], "'"));
    if (!contains(now, then[i]) && !contains(then, now[i])) {
      told.push_back(then[i]);
      told.push_back(now[i]);
    }
  }
  append_some(renumbered, clauses);
  append_some(clauses_for_missing(now, then, told, "is new"), clauses);
  append_some(clauses_for_missing(then, now, told, "is gone"), clauses);
}

Json json_of(const DataIdentity& identity) {
  return {{"images", identity.images},       {"shape", identity.shape},
          {"classes", identity.num_classes}, {"class_names", identity.class_names},
          {"sha256", identity.sha256},       {"class_counts", identity.class_counts},
          {"parts", identity.parts}};
}

DataIdentity identity_of(const Json& json) {
  DataIdentity identity;
  json.at("images").get_to(identity.images);
  json.at("shape").get_to(identity.shape);
  json.at("classes").get_to(identity.num_classes);
  json.at("class_names").get_to(identity.class_names);
  json.at("sha256").get_to(identity.sha256);
  if (json.contains("class_counts")) json.at("class_counts").get_to(identity.class_counts);
  if (json.contains("parts")) json.at("parts").get_to(identity.parts);
  return identity;
}

template <class Read>
auto read_json(const std::string& text, const std::string& name, const Read& read) {
  try {
    return read(Json::parse(text));
  } catch (const Json::exception& error) {
    usage_error(name, ": does not say what the data are: ", error.what());
  }
}

}  // namespace

std::string to_json(const DataIdentity& identity, const std::optional<DataIdentity>& held_out) {
  Json json = json_of(identity);
  if (held_out) json[kHeldOut] = json_of(*held_out);
  return json.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
}

DataIdentity identity_from_json(const std::string& text, const std::string& name) {
  return read_json(text, name, [](const Json& json) { return identity_of(json); });
}

std::optional<DataIdentity> held_out_from_json(const std::string& text, const std::string& name) {
  return read_json(text, name, [](const Json& json) {
    return json.contains(kHeldOut) ? std::optional(identity_of(json[kHeldOut])) : std::nullopt;
  });
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
    append_some(clauses_for_counts(then, now), clauses);
  }
  if (clauses.empty() && then.sha256 != now.sha256)
    clauses.push_back("the same counts and classes, but other " + other_part(then, now));
  // Not in sha256, which records of runs without captions have, too.
  if (clauses.empty() && part_differs(then, now, kCaptionsPart)) clauses.emplace_back("other captions");
  return clauses;
}

}  // namespace uvic
