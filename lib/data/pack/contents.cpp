#include "data/pack/contents.h"

#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "data/pack/format.h"
#include "io/json_text.h"

namespace uvic {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kMostBytes = int64_t{1} << 31;  // of an image or a caption
constexpr size_t kShown = 60;                     // letters of a value in a message

at::ScalarType type_named(const std::string& name) {
  for (const at::ScalarType dtype : {at::kByte, at::kHalf, at::kFloat, at::kUInt16, at::kInt}) {
    if (pack_type_name(dtype) == name) return dtype;
  }
  usage_error("no type is named '", name, "'");
}

Json json_of(const PackContents& contents) {
  Json json{{"made_by", contents.made_by},
            {"source", contents.source},
            {"shape", contents.shape},
            {"type", pack_type_name(contents.dtype)},
            {"mirrored", contents.mirrored},
            {"mirror_by_default", contents.mirror_by_default},
            {"classes", contents.num_classes},
            {"class_names", contents.class_names},
            {"captions", contents.captions},
            {"tokenizer", contents.tokenizer},
            {"tokenizer_text", contents.tokenizer_text},
            {"caption_length", contents.caption_length},
            {"ids_type", pack_type_name(contents.ids_dtype)},
            {"states_of", contents.states_of},
            {"states_sha256", contents.states_sha256},
            {"states_shape", {contents.states_tokens, contents.states_dim}},
            {"states_type", pack_type_name(contents.states_dtype)},
            {"block", contents.block},
            {"source_sha256", contents.source_sha256}};
  if (contents.latents) json["latents"] = Json::parse(to_json(*contents.latents));
  return json;
}

PackContents contents_of(const Json& json, const std::string& name) {
  PackContents contents;
  json.at("made_by").get_to(contents.made_by);
  json.at("source").get_to(contents.source);
  json.at("source_sha256").get_to(contents.source_sha256);
  json.at("shape").get_to(contents.shape);
  contents.dtype = type_named(json.at("type"));
  json.at("mirrored").get_to(contents.mirrored);
  json.at("mirror_by_default").get_to(contents.mirror_by_default);
  json.at("classes").get_to(contents.num_classes);
  json.at("class_names").get_to(contents.class_names);
  json.at("captions").get_to(contents.captions);
  json.at("tokenizer").get_to(contents.tokenizer);
  json.at("tokenizer_text").get_to(contents.tokenizer_text);
  json.at("caption_length").get_to(contents.caption_length);
  contents.ids_dtype = type_named(json.at("ids_type"));
  json.at("states_of").get_to(contents.states_of);
  json.at("states_sha256").get_to(contents.states_sha256);
  json.at("states_shape").at(0).get_to(contents.states_tokens);
  json.at("states_shape").at(1).get_to(contents.states_dim);
  contents.states_dtype = type_named(json.at("states_type"));
  json.at("block").get_to(contents.block);
  if (json.contains("latents")) contents.latents = latent_space_from_json(json["latents"].dump(), name);
  return contents;
}

/// Bytes of that many elements; 0 for what is beyond reason.
int64_t bytes_of(std::initializer_list<int64_t> sizes) {
  int64_t bytes = 1;
  for (const int64_t size : sizes) {
    if (size <= 0 || size > kMostBytes / bytes) return 0;
    bytes *= size;
  }
  return bytes;
}

int64_t moments_sets(const PackContents& contents) {
  return !contents.latents ? 1 : contents.mirrored ? 4 : 2;
}

void check_sizes(const PackContents& contents) {
  const auto [C, H, W] = contents.shape;
  const auto width = int64_t(c10::elementSize(contents.dtype));
  check_usage(contents.latents.has_value() == (contents.dtype != at::kByte), "images of type ",
              pack_type_name(contents.dtype));
  check_usage(bytes_of({C, H, W, width, moments_sets(contents)}) > 0, "images of ", C, "x", H, "x", W);
  check_usage(contents.caption_length >= 0 && contents.caption_length <= kMostBytes / 8, "captions of ",
              contents.caption_length, " tokens");
  check_usage(contents.ids_dtype == at::kUInt16 || contents.ids_dtype == at::kInt, "token ids of type ",
              pack_type_name(contents.ids_dtype));
  check_usage(contents.states_of.empty() || bytes_of({contents.states_tokens, contents.states_dim, 4}) > 0,
              "states of ", contents.states_tokens, "x", contents.states_dim);
  check_usage(contents.num_classes >= 0 && (contents.class_names.empty() ||
                                            int64_t(contents.class_names.size()) == contents.num_classes),
              contents.num_classes, " classes, ", contents.class_names.size(), " names");
}

std::string shown(const Json& value) {
  const std::string text = value.is_null() ? "not set" : value.dump(-1, ' ', true);
  return text.size() <= kShown ? text : text.substr(0, kShown) + " ...";
}

}  // namespace

std::string pack_type_name(at::ScalarType dtype) {
  switch (dtype) {
    case at::kByte:
      return "uint8";
    case at::kHalf:
      return "fp16";
    case at::kUInt16:
      return "uint16";
    case at::kInt:
      return "int32";
    default:
      return "fp32";
  }
}

int64_t PackContents::image_bytes() const {
  const auto [C, H, W] = shape;
  return int64_t(pack_aligned(uint64_t(C * H * W) * c10::elementSize(dtype) * uint64_t(moments_sets(*this))));
}

int64_t PackContents::states_bytes() const {
  return states_of.empty() ? 0 : states_tokens * states_dim * int64_t(c10::elementSize(states_dtype));
}

int64_t PackContents::ids_bytes() const {
  return caption_length * int64_t(c10::elementSize(ids_dtype));
}

int64_t PackContents::caption_bytes() const {
  return int64_t(sizeof(uint32_t)) + ids_bytes() + states_bytes();
}

std::string to_json(const PackContents& contents) {
  return json_of(contents).dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
}

PackContents pack_contents_from_json(const std::string& json, const std::string& name) {
  try {
    check_json_depth(json, name);
    PackContents contents = contents_of(Json::parse(json), name);
    check_sizes(contents);
    return contents;
  } catch (const std::exception& error) {
    usage_error(name, ": does not say what it holds: ", error.what());
  }
}

std::vector<std::string> differences(const PackContents& there, const PackContents& here) {
  const Json a = json_of(there), b = json_of(here);
  std::vector<std::string> clauses;
  const auto value = [](const Json& json, const std::string& key) {
    return json.contains(key) ? json[key] : Json();
  };
  for (const Json* either : {&a, &b}) {
    for (const auto& [key, ignored] : either->items()) {
      if (value(a, key) == value(b, key) || (either == &b && a.contains(key))) continue;
      clauses.push_back(
          c10::str(key, " is ", shown(value(a, key)), " there, ", shown(value(b, key)), " here"));
    }
  }
  return clauses;
}

}  // namespace uvic
