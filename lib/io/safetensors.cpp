#include "io/safetensors.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <vector>

#include "core/dtype.h"
#include "core/errors.h"
#include "io/atomic_file.h"
#include "io/content_kind.h"
#include "io/input_file.h"

namespace uvic {
namespace {

using nlohmann::json;

constexpr const char* kMetadata = "__metadata__";

struct DtypeName {
  at::ScalarType dtype;
  const char* name;
};
constexpr DtypeName kDtypes[] = {{at::kDouble, "F64"},    {at::kFloat, "F32"}, {at::kHalf, "F16"},
                                 {at::kBFloat16, "BF16"}, {at::kLong, "I64"},  {at::kInt, "I32"},
                                 {at::kShort, "I16"},     {at::kChar, "I8"},   {at::kByte, "U8"},
                                 {at::kBool, "BOOL"}};

/// One tensor of the header; bytes [begin, end) of the data.
struct Entry {
  std::string name;
  at::ScalarType dtype = at::kFloat;
  std::vector<int64_t> shape;
  int64_t begin = 0, end = 0;
};

struct Header {
  std::vector<Entry> entries;  ///< in the order of their data
  std::map<std::string, std::string> metadata;
};

json parse_json(const std::string& text, const std::string& file) {
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
  const auto known = std::find_if(std::begin(kDtypes), std::end(kDtypes),
                                  [&](const DtypeName& candidate) { return dtype == candidate.name; });
  check(known != std::end(kDtypes), "dtype ", dtype.dump(),
        " is not one of F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL");
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

/// Reads the header and checks that the tensors cover the rest of the file exactly, as the format demands.
Header read_header(InputFile& file) {
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
  const json object = parse_json(text, file.name());
  check_usage(object.is_object(), file.name(), ": the header is not a JSON object");

  Header header;
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
  return header;
}

class SafetensorsReader : public TensorReader {
 public:
  explicit SafetensorsReader(const std::filesystem::path& path) : file_(path) {
    Header header = read_header(file_);
    name_ = file_.name();
    metadata_ = std::move(header.metadata);
    entries_ = std::move(header.entries);
    for (const Entry& entry : entries_) tensors_.push_back({entry.name, 0, entry.shape});
    data_ = file_.size() - (entries_.empty() ? 0 : entries_.back().end);
  }
  void check(size_t /*index*/) const override {}  // the header was
  at::Tensor read(size_t index) override {
    file_.seek(data_ + entries_[index].begin);
    return file_.read_tensor(entries_[index].shape, entries_[index].dtype);
  }

 private:
  InputFile file_;
  std::vector<Entry> entries_;
  int64_t data_ = 0;  // where the tensors begin
};

}  // namespace

bool is_safetensors(std::string_view bytes) {
  const size_t first = bytes.find_first_not_of(" \t\r\n", sizeof(uint64_t));
  return first != std::string_view::npos && bytes[first] == '{';
}

std::unique_ptr<TensorReader> open_safetensors(const std::filesystem::path& path) {
  return std::make_unique<SafetensorsReader>(path);
}

SafeTensors load_safetensors(const std::filesystem::path& path) {
  SafetensorsReader reader(path);
  SafeTensors result{.tensors = {}, .metadata = reader.metadata()};
  for (size_t i = 0; i < reader.tensors().size(); ++i)
    result.tensors[reader.tensors()[i].name] = reader.read(i);
  return result;
}

std::map<std::string, std::string> load_safetensors_metadata(const std::filesystem::path& path) {
  InputFile file(path);
  return read_header(file).metadata;
}

void save_safetensors(const std::filesystem::path& path, const TensorMap& tensors,
                      const std::map<std::string, std::string>& metadata) {
  // Wide types first, so that every tensor is aligned; the header is in the order of names.
  std::vector<TensorMap::const_iterator> order;
  for (auto it = tensors.begin(); it != tensors.end(); ++it) order.push_back(it);
  std::stable_sort(order.begin(), order.end(),
                   [](auto a, auto b) { return a->second.element_size() > b->second.element_size(); });
  std::map<std::string, std::vector<int64_t>> offsets;
  int64_t end = 0;
  for (const auto& it : order) {
    const int64_t begin = end;
    end += static_cast<int64_t>(it->second.nbytes());
    offsets[it->first] = {begin, end};
  }

  auto header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  for (const auto& [name, tensor] : tensors) {
    const auto known = std::find_if(std::begin(kDtypes), std::end(kDtypes), [&](const DtypeName& candidate) {
      return candidate.dtype == tensor.scalar_type();
    });
    TORCH_CHECK(known != std::end(kDtypes), "safetensors cannot hold ", name, " of ",
                dtype_name(tensor.scalar_type()));
    TORCH_CHECK(name != kMetadata, "a tensor cannot be named ", kMetadata);
    auto& fields = header[name];
    fields["dtype"] = known->name;
    fields["shape"] = tensor.sizes().vec();
    fields["data_offsets"] = offsets[name];
  }
  std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();

  write_file_atomically(path, [&](std::ostream& stream) {
    stream.write(reinterpret_cast<const char*>(&length), sizeof length);
    stream << text;
    for (const auto& it : order) {
      const at::Tensor values = it->second.detach().to(at::kCPU).contiguous();
      stream.write(static_cast<const char*>(values.const_data_ptr()),
                   static_cast<std::streamsize>(values.nbytes()));
    }
  });
}

}  // namespace uvic
