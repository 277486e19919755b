// Whether something can be written where the user says, before the work for it is done.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace uvic {

/// ".png" of "x.PNG"; empty if there is none, and for a path that ends in a slash.
std::string extension_of(const std::filesystem::path& path);

/// Whether a path ends as files of images, arrays, weights, archives, text do: who writes x.tar means no
/// folder.
bool names_a_file(const std::filesystem::path& path);

/// UsageError, `option` ("--out", or empty) and the path first, unless a file can be written there: it ends
/// as one of `endings` (none: anything will do), its folder is there and may be written in, its name is not
/// too long, and it is not a folder itself.
void check_output_file(const std::string& option, const std::filesystem::path& path,
                       const std::vector<std::string>& endings = {});

/// The same for a folder, which may be there, or be made with those above it. One that is not there yet must
/// not have a file's name.
void check_output_folder(const std::string& option, const std::filesystem::path& path);

}  // namespace uvic
