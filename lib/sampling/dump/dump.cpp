#include "sampling/dump/dump.h"
#include "sampling/dump/request.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>

#include "core/errors.h"
#include "core/log.h"
#include "core/seeds.h"
#include "io/atomic_file.h"
#include "io/grid.h"
#include "io/output_path.h"
#include "sampling/dump/encode_queue.h"
#include "sampling/finite.h"
#include "sampling/image_folder.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

struct Stopped {};
struct NotFinite {};

double seconds_since(Clock::time_point from) {
  return std::chrono::duration<double>(Clock::now() - from).count();
}

void check_settings(const std::string& path, const DumpManifest& there, const DumpManifest& here) {
  check_usage(there.format == here.format, path, ": format is ", format_name(there.format), " there and ",
              format_name(here.format), " here; use another --out");
  const auto [settings, machine] = compare(there, here);
  if (!settings.empty()) {
    const Difference& first = settings.front();
    usage_error(path, ": was made with other settings: ", first.key, " is ", first.a, " there and ", first.b,
                " here; use another --out");
  }
  for (const auto& [key, a, b] : machine) {
    log_warning(path, ": ", key, " is ", a, " there and ", b,
                " here: images made from now on may differ in their last bits");
  }
}

// What the manifest must say now; a folder may have had other seeds already.
DumpManifest merged(const std::string& path, const DumpManifest& there, const DumpManifest& here) {
  check_settings(path, there, here);
  DumpManifest both = there;
  if (!is_folder(here.format)) {
    check_usage(there.seeds == here.seeds, path, ": seeds are ", seeds_text(there.seeds), " there and ",
                seeds_text(here.seeds), " here; an archive cannot grow: dump the others elsewhere and merge");
    return both;
  }
  both.seeds.clear();
  std::set_union(there.seeds.begin(), there.seeds.end(), here.seeds.begin(), here.seeds.end(),
                 std::back_inserter(both.seeds));
  if (both.shard_of.empty()) both.shard_of = here.shard_of;
  if (std::includes(both.seeds.begin(), both.seeds.end(), both.shard_of.begin(), both.shard_of.end()))
    both.shard_of.clear();
  return both;
}

// What the manifest must say where `there` is what it says now.
DumpManifest manifest_now(const fs::path& out, const std::optional<DumpManifest>& there,
                          const DumpManifest& here) {
  if (there) return merged(manifest_path(here.format, out).string(), *there, here);
  if (is_folder(here.format)) check_image_folder("--out", out, here.making);
  return here;
}

// Which images are not finite by now: `check` has looked at the first of `seeds`.
void record_not_finite(const fs::path& out, const std::vector<int64_t>& seeds, const FiniteCheck& check) {
  DumpManifest manifest = find_manifest(out).value();
  std::set<int64_t> bad(manifest.not_finite.begin(), manifest.not_finite.end());
  for (size_t i = 0; i < check.made(); ++i) bad.erase(seeds[i]);
  bad.insert(check.bad().begin(), check.bad().end());
  std::vector<int64_t> now(bad.begin(), bad.end());
  if (now == manifest.not_finite) return;
  manifest.not_finite = std::move(now);
  save_manifest(out, manifest);
}

}  // namespace

void check_dump_settings(const fs::path& out, const DumpManifest& manifest) {
  manifest_now(out, find_manifest(out), manifest);
}

void check_dump_path(const fs::path& out, DumpFormat format) {
  const bool folder = is_folder(format);
  std::error_code absent;
  check_usage(!fs::exists(out, absent) || fs::is_directory(out) == folder, "--out ", out.string(), ": is ",
              folder ? "not " : "", "a folder, and the format is ", format_name(format));
  if (folder) return check_output_folder("--out", out);
  check_output_file("--out", out);
  check_usage(!fs::exists(out) || find_manifest(out), "--out ", out.string(),
              ": exists without its manifest; use another --out");
}

OpenDump open_dump(const fs::path& out, const DumpManifest& manifest, Zip64Limits limits) {
  check_dump_path(out, manifest.format);
  const bool folder = is_folder(manifest.format);
  // The sink first: it keeps others away from the manifest too. The manifest last, but before any image:
  // files that turn out not to be ours get none.
  OpenDump dump{
      folder ? make_folder_sink(out, DumpPlan(manifest)) : make_archive_sink(out, DumpPlan(manifest), limits),
      {}};
  remove_temporaries_of(manifest_path(manifest.format, out));
  const auto there = find_manifest(out);
  const DumpManifest now = manifest_now(out, there, manifest);
  dump.missing = dump.sink->missing();
  check_usage(there || folder || dump.missing.size() == manifest.seeds.size(), out.string(),
              ".part: has no manifest; remove it");
  if (!there || to_json(now) != to_json(*there)) save_manifest(out, now);
  return dump;
}

DumpReport run_dump(const Sampler& sampler, OpenDump& dump, int threads, const Sampler::OnStep& on_step,
                    const std::function<bool()>& stop, const PromptRows& rows_of) {
  auto& [sink, missing] = dump;
  const DumpPlan& plan = sink->plan();
  const bool folder = is_folder(plan.manifest.format);
  const SampleRequest request = request_of(plan, missing, rows_of);
  DumpReport report;
  double waited = 0;
  const auto began = Clock::now();
  // Two batches: one being encoded, one that has just been made.
  FiniteCheck finite(request.seeds);
  EncodeQueue queue(*sink, threads, 2 * size_t(sampler.plan().options.batch_size));
  try {
    sampler.run(
        request,
        [&](size_t first, const at::Tensor& images) {
          const auto made = Clock::now();
          // Pixel by pixel, as the encoders want it: their own copies would start a team of threads each.
          const at::Tensor bytes = to_uint8(images).contiguous(at::MemoryFormat::ChannelsLast);
          const at::Tensor good = finite.add(images);
          for (int64_t i = 0; i < bytes.size(0); ++i) {
            if (good.const_data_ptr<bool>()[i]) {
              queue.push(dump.missing[first + size_t(i)], bytes[i]);
            } else if (!folder) {
              break;
            }
          }
          waited += seconds_since(made);
          if (finite.all_bad() || (finite.any_bad() && !folder)) throw NotFinite{};
        },
        [&](size_t first, int64_t step, const at::Tensor& x) {
          on_step(first, step, x);
          if (stop()) throw Stopped{};
        });
  } catch (const Stopped&) {
    report.stopped = true;
  } catch (const NotFinite&) {
  }
  report.wait_fraction = waited / std::max(seconds_since(began), 1e-9);
  queue.finish();
  report.stored = queue.stored();
  record_not_finite(sink->out(), request.seeds, finite);
  if (finite.any_bad()) report.not_finite = finite.text(sampler.plan().options.precision, "--precision");
  if (!report.stopped && !finite.any_bad()) sink->finish();
  report.seconds = seconds_since(began);
  return report;
}

}  // namespace uvic
