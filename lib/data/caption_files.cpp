#include "data/caption_files.h"

#include <array>
#include <map>
#include <sstream>

#include "core/errors.h"
#include "core/text.h"
#include "io/json_text.h"
#include "text/utf8.h"

namespace uvic {
namespace {

using Json = nlohmann::ordered_json;
using Texts = std::vector<std::string>;

constexpr std::array kNames = {"file_name", "file", "image"};
constexpr std::array kTexts = {"text", "caption", "captions", "prompt"};

/// The value of the first of `keys` that `object` has; null: none.
template <size_t N>
const Json* first_of(const Json& object, const std::array<const char*, N>& keys) {
  for (const char* key : keys) {
    const auto found = object.find(key);
    if (found != object.end() && !found->is_null()) return &*found;
  }
  return nullptr;
}

const Json& list_in(const Json& json, const char* key, const std::string& name) {
  constexpr auto kWanted =
      ": must be COCO's captions: {\"images\": [{\"id\", \"file_name\"}, ...], \"annotations\": "
      "[{\"image_id\", "
      "\"caption\"}, ...]}";
  check_usage(json.is_object(), name, kWanted, "; it is ", json_kind(json));
  const auto found = json.find(key);
  check_usage(found != json.end(), name, kWanted, "; it has no \"", key, "\"");
  check_usage(found->is_array(), name, kWanted, "; \"", key, "\" is ", json_kind(*found));
  return *found;
}

const Json& member(const Json& object, const char* key, const std::string& where, const char* hint = "") {
  check_usage(object.is_object(), where, ": must be an object; it is ", json_kind(object));
  const auto found = object.find(key);
  check_usage(found != object.end(), where, ": has no \"", key, "\"", hint);
  return *found;
}

std::string text_of(const Json& value, const char* what, const std::string& where) {
  check_usage(value.is_string(), where, ": ", what, " must be a text; it is ", json_kind(value));
  return value.get<std::string>();
}

std::string without_mark(const std::string& text, const std::string& name) {
  check_usage(!text.starts_with("\xFF\xFE") && !text.starts_with("\xFE\xFF"), name,
              ": is UTF-16 text; save it as UTF-8");
  return text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text;
}

}  // namespace

Texts captions_in(const Json& object, const std::string& where) {
  const Json* value = first_of(object, kTexts);
  if (value == nullptr) return {};
  if (!value->is_array()) return {trimmed(text_of(*value, "a caption", where))};
  Texts texts;
  for (const Json& one : *value) texts.push_back(trimmed(text_of(one, "a caption", where)));
  return texts;
}

CaptionEntries parse_metadata_jsonl(const std::string& text, const std::string& name) {
  std::istringstream stream(without_mark(text, name));
  CaptionEntries entries;
  int64_t line_number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++line_number;
    if (trimmed(line).empty()) continue;
    const std::string where = c10::str(name, ":", line_number);
    const Json json = parse_json(line, name, line_number);
    check_usage(json.is_object(), where,
                ": must be an object a line, {\"file_name\": ..., \"text\": ...}; it is ", json_kind(json));
    const Json* file = first_of(json, kNames);
    check_usage(file != nullptr, where, ": has no \"file_name\"");
    const Texts texts = captions_in(json, where);
    check_usage(!texts.empty(), where,
                ": has no caption: no \"text\" (or \"caption\", \"captions\", \"prompt\")");
    auto& entry = entries.try_emplace(listed_name(text_of(*file, "the file's name", where))).first->second;
    if (entry.where.empty()) entry.where = where;
    entry.said.insert(entry.said.end(), texts.begin(), texts.end());
  }
  check_usage(!entries.empty(), name, ": has no captions");
  return entries;
}

CaptionEntries parse_coco_captions(const std::string& text, const std::string& name) {
  const Json json = parse_json(text, name);
  const Json &images = list_in(json, "images", name), &annotations = list_in(json, "annotations", name);
  std::map<std::string, std::string> files;  // by id
  for (size_t i = 0; i < images.size(); ++i) {
    const std::string where = c10::str(name, ": images[", i, "]");
    const std::string id = member(images[i], "id", where).dump();
    const std::string file = text_of(member(images[i], "file_name", where), "\"file_name\"", where);
    check_usage(files.emplace(id, listed_name(file)).second, where, ": the id ", id, " is there twice");
  }
  CaptionEntries entries;
  for (size_t i = 0; i < annotations.size(); ++i) {
    const std::string where = c10::str(name, ": annotations[", i, "]");
    const std::string id = member(annotations[i], "image_id", where).dump();
    const Json& caption = member(annotations[i], "caption", where, "; captions are in captions_*.json");
    const auto file = files.find(id);
    check_usage(file != files.end(), where, ": the image_id ", id, " is the id of none of the images");
    auto& entry = entries.try_emplace(file->second).first->second;
    if (entry.where.empty()) entry.where = where;
    entry.said.push_back(trimmed(text_of(caption, "\"caption\"", where)));
  }
  check_usage(!entries.empty(), name, ": has no captions");
  return entries;
}

Texts caption_lines(const std::string& text, const std::string& name) {
  const std::string whole = without_mark(text, name);
  const auto invalid = first_invalid_utf8(whole);
  check_usage(!invalid, name, ": is not UTF-8: ", invalid ? utf8_problem(whole, *invalid) : "");
  std::istringstream stream(whole);
  Texts texts;
  for (std::string line; std::getline(stream, line);) {
    if (!trimmed(line).empty()) texts.push_back(trimmed(line));
  }
  return texts.empty() ? Texts{""} : texts;
}

}  // namespace uvic
