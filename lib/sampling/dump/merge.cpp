#include "sampling/dump/merge.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "core/errors.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/seeds.h"
#include "sampling/dump/dump.h"
#include "sampling/dump/reader.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using Readers = std::vector<std::unique_ptr<DumpReader>>;

struct Place {
  size_t reader, index;
};

void check_agreement(const DumpReader& first, const DumpReader& other) {
  const auto [settings, machine] = compare(first.manifest(), other.manifest());
  for (const auto& [key, a, b] : settings) {
    usage_error("cannot merge: ", key, " is ", a, " in ", first.path().string(), " and ", b, " in ",
                other.path().string());
  }
  for (const auto& [key, a, b] : machine) {
    log_warning(key, " is ", a, " in ", first.path().string(), " and ", b, " in ", other.path().string(),
                ": their images may differ in the last bits from those of one dump");
  }
  check_usage(first.manifest().shard_of == other.manifest().shard_of, "cannot merge: ", first.path().string(),
              " and ", other.path().string(), " are shards of dumps of other seeds");
}

// The place of each seed.
std::map<int64_t, Place> places_of(const Readers& readers) {
  std::map<int64_t, Place> places;
  for (size_t reader = 0; reader < readers.size(); ++reader) {
    const auto& seeds = readers[reader]->manifest().seeds;
    for (size_t i = 0; i < seeds.size(); ++i) {
      const auto [place, fresh] = places.emplace(seeds[i], Place{reader, i});
      check_usage(fresh, "cannot merge: seed ", seeds[i], " is in ",
                  readers[place->second.reader]->path().string(), " and in ",
                  readers[reader]->path().string());
    }
  }
  return places;
}

DumpManifest merged_manifest(const Readers& readers, const std::map<int64_t, Place>& places,
                             DumpFormat format) {
  DumpManifest manifest = readers.front()->manifest();
  manifest.format = format;
  manifest.seeds.clear();
  for (const auto& [seed, place] : places) manifest.seeds.push_back(seed);
  std::vector<int64_t> absent;
  std::set_difference(manifest.shard_of.begin(), manifest.shard_of.end(), manifest.seeds.begin(),
                      manifest.seeds.end(), std::back_inserter(absent));
  check_usage(absent.empty(), "cannot merge: a shard is missing, that of the seeds ", seeds_text(absent));
  manifest.shard_of.clear();
  return manifest;
}

Readers open_all(const std::vector<fs::path>& shards) {
  Readers readers;
  for (const fs::path& shard : shards) readers.push_back(DumpReader::open(shard));
  return readers;
}

void check_whole(DumpReader& reader) {
  const size_t count = reader.manifest().seeds.size();
  ProgressBar bar("checking " + reader.path().string(), "images", int64_t(count));
  for (size_t i = 0; i < count; ++i) {
    reader.read(i);
    bar.update(int64_t(i) + 1);
  }
  reader.finish();
}

}  // namespace

MergeReport merge_dumps(const fs::path& out, DumpFormat format, const std::vector<fs::path>& shards) {
  Readers readers = open_all(shards);
  check_usage(!readers.empty(), "give the shards to merge");
  for (const auto& reader : readers) check_agreement(*readers.front(), *reader);
  const auto places = places_of(readers);
  const DumpManifest manifest = merged_manifest(readers, places, format);
  for (const auto& reader : readers) check_whole(*reader);
  readers = open_all(shards);  // from the front again

  const auto [sink, missing] = open_dump(out, manifest);
  ProgressBar bar("merging", "images", int64_t(missing.size()));
  int64_t done = 0;
  for (const size_t index : missing) {
    bar.update(done++);
    const Place place = places.at(manifest.seeds[index]);
    DumpReader& reader = *readers[place.reader];
    std::string stored = reader.read(place.index);
    if (holds_png(format) != holds_png(reader.manifest().format)) {
      stored = sink->encode(index, stored_pixels(reader.manifest(), stored, reader.path().string()));
    }
    sink->write(index, std::move(stored));
  }
  sink->finish();
  return {manifest.seeds.size(), manifest.seeds.size() - missing.size()};
}

}  // namespace uvic
