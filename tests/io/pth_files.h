// .pth files made byte by byte, right and wrong.
#pragma once
#include <array>
#include <map>

#include "io/write_zip.h"
#include "support/support.h"

namespace uvic::testing {

inline std::string le(uint64_t value, int bytes) {
  return std::string(reinterpret_cast<const char*>(&value), size_t(bytes));
}
inline std::string pickled(const std::string& text) {
  return "X" + le(text.size(), 4) + text;
}
inline std::string pickled(int64_t value) {
  return "\x8a\x08" + le(uint64_t(value), 8);
}
inline std::string pickled(const std::vector<int64_t>& values) {
  std::string text = "(";
  for (const int64_t value : values) text += pickled(value);
  return text + "t";
}

/// A tensor as torch.save pickles it.
struct TensorText {
  std::vector<int64_t> sizes, strides;
  int64_t storage_size = 0, offset = 0;
  std::string type = "FloatStorage", key = "0";
  std::string operator()() const {
    return "ctorch._utils\n_rebuild_tensor_v2\n((" + pickled("storage") + "ctorch\n" + type + "\n" +
           pickled(key) + pickled("cpu") + pickled(storage_size) + "tQ" + pickled(offset) + pickled(sizes) +
           pickled(strides) + "\x89" + "ccollections\nOrderedDict\n)RtR";
  }
};

/// {name: value, ...}
inline std::string pickled_dict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string text = "}(";
  for (const auto& [name, value] : items) text += pickled(name) + value;
  return text + "u";
}

/// An archive whose data.pkl is protocol 2, `body`, STOP.
inline void write_pth(const std::filesystem::path& path, const std::string& body,
                      const std::map<std::string, std::string>& storages = {},
                      const std::string& byteorder = "little") {
  const std::string pickle = "\x80\x02" + body + ".";
  std::vector<ZipEntry> entries = {{"a/data.pkl", pickle.data(), int64_t(pickle.size())},
                                   {"a/byteorder", byteorder.data(), int64_t(byteorder.size())}};
  for (const auto& [key, bytes] : storages)
    entries.push_back({"a/data/" + key, bytes.data(), int64_t(bytes.size())});
  write_zip(path, entries);
}

inline std::string float_bytes(std::vector<float> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

}  // namespace uvic::testing
