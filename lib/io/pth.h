// Reading torch.save's .pth files: a zip archive of a pickle (data.pkl) and one entry a storage (data/N).
#pragma once
#include <filesystem>
#include <string_view>

#include "io/tensor_file.h"

namespace uvic {

/// The first bytes of a file from before torch 1.6: a pickle, not a zip archive.
inline constexpr std::string_view kLegacyPthStart = "\x80\x02\x8a\x0a";

/// Reads a dict of tensors, or the one dict of tensors inside a dict ("state_dict", "model", ...; says
/// which). Tensors are on the CPU, contiguous, with their stored dtype. UsageError, naming the file, for
/// anything else: see Pickle for what a pickle may hold; a storage that is missing, damaged or of another
/// length, a view that leaves its storage or repeats elements, two tensors of one name, bytes in big-endian
/// order.
TensorFile load_pth(const std::filesystem::path& path);

/// What save_pth was given as metadata, without the tensors.
std::map<std::string, std::string> load_pth_metadata(const std::filesystem::path& path);

}  // namespace uvic
