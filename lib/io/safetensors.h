// The safetensors format (https://github.com/huggingface/safetensors): u64 header length, JSON header, raw
// tensors.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "io/tensor_file.h"

namespace uvic {

using SafeTensors = TensorFile;  ///< its metadata are the header's `__metadata__`

/// Whether a file begins as one of this format: a brace behind eight bytes of length.
bool is_safetensors(std::string_view bytes);

/// The header is checked whole, see load_safetensors.
std::unique_ptr<TensorReader> open_safetensors(const std::filesystem::path& path);

/// Reads a whole file; tensors are on the CPU with their stored dtype (F64 F32 F16 BF16 I64 I32 I16 I8
/// U64 U32 U16 U8 BOOL) and own their memory. UsageError, naming the file and the tensor, for anything
/// malformed: truncated, overlapping or out-of-range offsets, a size that disagrees with shape and dtype, an
/// unknown dtype, duplicate names, bad JSON.
SafeTensors load_safetensors(const std::filesystem::path& path);

/// Only the metadata: reads the header, checks the file's length against it.
std::map<std::string, std::string> load_safetensors_metadata(const std::filesystem::path& path);

/// Writes atomically; the bytes depend on the arguments alone (names sorted, header padded to 8 bytes).
/// Tensors may be on any device and of any strides.
void save_safetensors(const std::filesystem::path& path, const TensorMap& tensors,
                      const std::map<std::string, std::string>& metadata = {});

}  // namespace uvic
