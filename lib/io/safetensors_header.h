// The header of a safetensors file, apart from its tensors: for those who read or write them in place.
#pragma once
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "io/input_file.h"

namespace uvic {

struct SafetensorsHeader {
  struct Entry {
    std::string name;
    at::ScalarType dtype = at::kFloat;
    std::vector<int64_t> shape = {};
    int64_t begin = 0, end = 0;  ///< bytes [begin, end) of the data
  };
  std::vector<Entry> entries = {};  ///< in the order of their data, which they cover without gaps
  std::map<std::string, std::string> metadata = {};
  int64_t data = 0;  ///< where the data begin in the file
};

/// Reads it from the file's start and checks that the tensors cover the rest exactly, as the format demands.
/// UsageError as load_safetensors.
SafetensorsHeader read_safetensors_header(InputFile& file);

/// All that stands before the data, a multiple of 8 bytes; the tensors' data follow as `begin` and `end` say.
/// c10::Error for a dtype or a name that the format cannot hold.
std::string safetensors_header(const std::vector<SafetensorsHeader::Entry>& entries,
                               const std::map<std::string, std::string>& metadata);

}  // namespace uvic
