// Making a dump: opening what is there of it, sampling the rest, storing it behind the network.
#pragma once
#include <functional>
#include <memory>

#include "sampling/dump/sink.h"
#include "sampling/sampler.h"

namespace uvic {

/// UsageError if no dump of this format can be at `out`, or go on there.
void check_dump_path(const std::filesystem::path& out, DumpFormat format);

/// UsageError, as open_dump's, if what is at `out` was made with other settings; nothing is written.
void check_dump_settings(const std::filesystem::path& out, const DumpManifest& manifest);

struct OpenDump {
  std::unique_ptr<DumpSink> sink;
  std::vector<size_t> missing;  ///< of the sink's plan: what is not there yet
};
/// Opens or goes on with the dump at `out`. Its manifest is written, or checked: another setting is a
/// UsageError that names it, another batch size or machine a warning. A folder takes more seeds than it had;
/// an archive only those that it began with.
OpenDump open_dump(const std::filesystem::path& out, const DumpManifest& manifest, Zip64Limits limits = {});

struct DumpReport {
  size_t stored = 0;
  double seconds = 0;
  double wait_fraction =
      0;                 ///< of the time of sampling, in which the network waited for encoding and storing
  bool stopped = false;  ///< `stop` asked for it; what was made is stored
  /// What FiniteCheck says, if images were not finite: they are missing.
  std::string not_finite = {};
};

/// Samples what is missing and stores it by `threads` threads; `rows_of`: for a manifest with prompts. Calls
/// `on_step` as Sampler does and polls `stop` at each step. The sink is finished unless stopped. An image
/// that is not finite is not stored, and the manifest names its seed; then the dump is not finished, and it
/// is broken off where all of a first batch are so, or in an archive, which has its images in order.
DumpReport run_dump(const Sampler& sampler, OpenDump& dump, int threads, const Sampler::OnStep& on_step,
                    const std::function<bool()>& stop, const PromptRows& rows_of = {});

}  // namespace uvic
