#pragma once
#include <filesystem>

namespace uvic {

/// For whoever is about to score what lies at `path`, if that is a dump: UsageError if it lacks images that
/// are not finite, or is an archive that is not finished; a warning if it lacks other images. Only looks
/// which files are there.
void check_scorable(const std::filesystem::path& path);

}  // namespace uvic
