// Joining the shards of a dump.
#pragma once
#include <filesystem>
#include <vector>

#include "sampling/dump/sink.h"

namespace uvic {

struct MergeReport {
  size_t images = 0;  ///< in the merged dump
  size_t kept = 0;    ///< of them already there from an interrupted merge
};

/// Makes of finished dumps, each of any format, the one dump `out` of all their images: equal to the bytes to
/// what one process would have made. All are read and checked before anything is written. UsageError names
/// what does not fit: settings that differ, a seed that is in two of them, seeds of the whole that are in
/// none.
MergeReport merge_dumps(const std::filesystem::path& out, DumpFormat format,
                        const std::vector<std::filesystem::path>& shards);

}  // namespace uvic
