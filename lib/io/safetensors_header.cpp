#include "io/safetensors_header.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "core/dtype.h"
#include "core/errors.h"
#include "io/content_kind.h"
#include "io/json_text.h"
#include "io/safetensors.h"

namespace uvic {
namespace {

using nlohmann::json;
using Entry = SafetensorsHeader::Entry;

constexpr const char* kMetadata = "__metadata__";

struct DtypeName {
  at::ScalarType dtype;
  const char* name;
};
constexpr DtypeName kSafetensorsDtypes[] = {
    {at::kDouble, "F64"}, {at::kFloat, "F32"},  {at::kHalf, "F16"},   {at::kBFloat16, "BF16"},
    {at::kLong, "I64"},   {at::kInt, "I32"},    {at::kShort, "I16"},  {at::kChar, "I8"},
    {at::kUInt64, "U64"}, {at::kUInt32, "U32"}, {at::kUInt16, "U16"}, {at::kByte, "U8"},
    {at::kBool, "BOOL"}};

json parse_header(const std::string& text, const std::string& file) {
  std::vector<std::set<std::string>> keys;  // of the objects that are open, outermost first
  const auto refuse_duplicates = [&](int, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key) {
      check_usage(keys.back().insert(value).second, file, ": ", value.dump(), " appears twice in the header");
    }
    return true;
  };
  try {
    return json::parse(text, refuse_duplicates);
  } catch (const json::parse_error& error) {
    usage_error(file, ": damaged, or not a safetensors file: its header is not valid JSON at byte ",
                error.byte + sizeof(uint64_t));
  } catch (const json::exception&) {
    usage_error(file, ": damaged, or not a safetensors file: its header is not valid JSON");
  }
}

/// An array of integers in 0 .. 2^63 - 1.
bool read_counts(const json& array, std::vector<int64_t>& counts) {
  if (!array.is_array()) return false;
  for (const json& element : array) {
    if (!element.is_number_unsigned()) return false;
    const auto count = element.get<uint64_t>();
    if (count > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return false;
    counts.push_back(static_cast<int64_t>(count));
  }
  return true;
}

Entry parse_entry(const std::string& name, const json& fields, const std::string& file) {
  const auto check = [&](bool condition, const auto&... what) {
    check_usage(condition, file, ": tensor \"", name, "\": ", what...);
  };
  for (const char* key : {"dtype", "shape", "data_offsets"}) {
    check(fields.is_object() && fields.contains(key), key, " is missing from the header");
  }
  const json &dtype = fields["dtype"], &shape = fields["shape"], &offsets = fields["data_offsets"];
  Entry entry;
  entry.name = name;
  const auto known = std::find_if(std::begin(kSafetensorsDtypes), std::end(kSafetensorsDtypes),
                                  [&](const DtypeName& candidate) { return dtype == candidate.name; });
  check(known != std::end(kSafetensorsDtypes), "dtype ", dtype.dump(),
        " is not one of F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, BOOL");
  entry.dtype = known->dtype;
  check(read_counts(shape, entry.shape), "shape ", shape.dump(), " is not a list of sizes");
  std::vector<int64_t> range;
  check(read_counts(offsets, range) && range.size() == 2, "data_offsets ", offsets.dump(),
        " are not a first and a last byte");
  entry.begin = range[0];
  entry.end = range[1];
  const auto bytes = byte_count(entry.shape, static_cast<int64_t>(c10::elementSize(entry.dtype)));
  check(bytes == entry.end - entry.begin, "data_offsets ", offsets.dump(), " disagree with shape ",
        shape.dump(), " of ", known->name);
  return entry;
}

}  // namespace

SafetensorsHeader read_safetensors_header(InputFile& file) {
  uint64_t length = 0;
  std::string start(size_t(std::min(file.size(), kContentBytes)), '\0');
  file.read(start.data(), int64_t(start.size()));
  file.seek(0);
  file.read(&length, sizeof length);
  if (!start.empty() && !is_safetensors(start) && !content_kind(start).empty())
    refuse_content(start, file.size(), file.name(), "a safetensors file");
  const auto limit = static_cast<uint64_t>(file.size()) - sizeof length;
  check_usage(length <= limit, file.name(), ": truncated, or not a safetensors file: its header should have ",
              length, " bytes, the file has ", file.size());
  std::string text(length, '\0');
  file.read(text.data(), static_cast<int64_t>(length));
  check_json_depth(text, file.name());
  const json object = parse_header(text, file.name());
  check_usage(object.is_object(), file.name(), ": the header is not a JSON object");

  SafetensorsHeader header;
  for (const auto& [name, fields] : object.items()) {
    if (name != kMetadata) {
      header.entries.push_back(parse_entry(name, fields, file.name()));
      continue;
    }
    check_usage(fields.is_object(), file.name(), ": __metadata__ is not a JSON object");
    for (const auto& [key, value] : fields.items()) {
      check_usage(value.is_string(), file.name(), ": __metadata__ \"", key, "\" is not a string");
      header.metadata[key] = value;
    }
  }
  std::sort(header.entries.begin(), header.entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  const auto data = static_cast<int64_t>(limit - length);
  int64_t end = 0, last = 0;
  for (const Entry& entry : header.entries) last = std::max(last, entry.end);
  for (const Entry& entry : header.entries) {
    check_usage(entry.begin == end, file.name(), ": tensor \"", entry.name, "\": its data start at byte ",
                entry.begin, ", but those before it end at ", end);
    check_usage(entry.end <= data, file.name(), ": tensor \"", entry.name, "\": its data end at byte ",
                entry.end, " of ", data, "; the file is truncated (", file.size(), " bytes of ",
                uint64_t(file.size() - data) + uint64_t(last), ")");
    end = entry.end;
  }
  check_usage(end == data, file.name(), ": ", data - end, " bytes belong to no tensor");
  header.data = file.size() - data;
  return header;
}

std::string safetensors_header(const std::vector<Entry>& entries,
                               const std::map<std::string, std::string>& metadata) {
  auto header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  std::vector<const Entry*> by_name;
  for (const Entry& entry : entries) by_name.push_back(&entry);
  std::sort(by_name.begin(), by_name.end(), [](auto a, auto b) { return a->name < b->name; });
  for (const Entry* entry : by_name) {
    const auto known =
        std::find_if(std::begin(kSafetensorsDtypes), std::end(kSafetensorsDtypes),
                     [&](const DtypeName& candidate) { return candidate.dtype == entry->dtype; });
    TORCH_CHECK(known != std::end(kSafetensorsDtypes), "safetensors cannot hold ", entry->name, " of ",
                dtype_name(entry->dtype));
    TORCH_CHECK(entry->name != kMetadata, "a tensor cannot be named ", kMetadata);
    auto& fields = header[entry->name];
    fields["dtype"] = known->name;
    fields["shape"] = entry->shape;
    fields["data_offsets"] = {entry->begin, entry->end};
  }
  std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + text;
}

}  // namespace uvic
