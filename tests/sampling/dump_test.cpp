// Parts of the dumps that need no network: archives past (small) ZIP64 limits, threads, manifests, shards.
#include "sampling/dump/dump.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "sampling/dump/encode_queue.h"
#include "sampling/dump/shard.h"
#include "support/python.h"
#include "support/refused_threads.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryDirectory;

DumpManifest manifest_of(DumpFormat format, int64_t count) {
  DumpManifest manifest;
  manifest.format = format;
  manifest.version = "1";
  manifest.classes = 3;
  manifest.image = {3, 4, 5};
  manifest.making.labels = "balanced";
  manifest.making.checkpoint = "w.safetensors";
  for (int64_t seed = 0; seed < count; ++seed) manifest.seeds.push_back(seed);
  return manifest;
}

at::Tensor image_of(int64_t seed) {
  at::manual_seed(uint64_t(seed));
  return at::randint(256, {3, 4, 5}, at::kByte);
}

// Stores the missing images, at most `limit` of them; finishes if that is all.
void go_on(const fs::path& out, const DumpManifest& manifest, Zip64Limits limits, size_t limit) {
  const auto [sink, missing] = open_dump(out, manifest, limits);
  for (size_t i = 0; i < std::min(limit, missing.size()); ++i) {
    sink->write(missing[i], sink->encode(missing[i], image_of(manifest.seeds[missing[i]])));
  }
  if (missing.size() <= limit) sink->finish();
}

TEST(DumpArchive, PastSmallZip64LimitsPythonReadsIt) {
  const std::string script = R"(
import struct, sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
print(len(z.infolist()), max(i.extract_version for i in z.infolist()), open(sys.argv[1], 'rb').read().count(b'PK\x06\x06'))
if sys.argv[1].endswith('npz'):
    print(len(z.read('arr_0.npy')), list(struct.unpack('<9q', z.read('arr_1.npy')[128:])))
)";
  for (const DumpFormat format : {DumpFormat::kZip, DumpFormat::kNpz}) {
    const TemporaryDirectory directory;
    const fs::path out = directory / ("a." + format_name(format)),
                   plain = directory / ("b." + format_name(format));
    const DumpManifest manifest = manifest_of(format, 9);
    const Zip64Limits limits{.bytes = 500, .entries = 2};
    go_on(out, manifest, limits, 4);  // and then, in another process as it were, the rest
    EXPECT_FALSE(fs::exists(out));
    go_on(out, manifest, limits, 9);
    go_on(plain, manifest, {}, 9);
    const std::string rest = format == DumpFormat::kNpz ? "668 [0, 1, 2, 0, 1, 2, 0, 1, 2]\n" : "";
    const std::string entries = format == DumpFormat::kNpz ? "2" : "9";
    EXPECT_EQ(testing::python(script, {out.string()}), entries + " 45 1\n" + rest);
    EXPECT_EQ(testing::python(script, {plain.string()}), entries + " 20 0\n" + rest);
  }
}

TEST(DumpArchive, ImagesMayComeInAnyOrder) {
  const TemporaryDirectory directory;
  for (const DumpFormat format : {DumpFormat::kZip, DumpFormat::kNpz}) {
    const DumpManifest manifest = manifest_of(format, 6);
    const std::string name = format_name(format);
    go_on(directory / ("a." + name), manifest, {}, 6);
    const auto [sink, missing] = open_dump(directory / ("b." + name), manifest);
    for (const size_t i : {3, 0, 5, 1, 4, 2}) sink->write(i, sink->encode(i, image_of(int64_t(i))));
    sink->finish();
    EXPECT_EQ(testing::read_bytes(directory / ("a." + name)), testing::read_bytes(directory / ("b." + name)));
  }
}

// By hand (--gtest_also_run_disabled_tests): 4.6 GB on the disk, a minute or more.
TEST(DumpArchive, DISABLED_PastFourGiBAndSixtyFiveThousandEntriesPythonReadsIt) {
  const TemporaryDirectory directory;
  constexpr size_t kImages = 70'000, kFirst = 40'000, kBytes = 65'536;
  const DumpManifest manifest = manifest_of(DumpFormat::kZip, kImages);
  for (const size_t count : {kFirst, kImages - kFirst}) {  // broken off once
    const auto [sink, missing] = open_dump(directory / "a.zip", manifest);
    ASSERT_GE(missing.size(), count);
    for (size_t i = 0; i < count; ++i) {
      std::string bytes(kBytes, char(missing[i]));
      bytes.replace(0, 6, std::to_string(100'000 + missing[i]));
      sink->write(missing[i], std::move(bytes));
    }
    if (count == missing.size()) sink->finish();
  }
  const std::string script = R"(
import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
assert all(z.read(i)[:6] == b'1' + i.filename[1:6].encode() for i in z.infolist())
print(len(z.infolist()), z.infolist()[-1].header_offset > 1 << 32, z.infolist()[-1].extract_version))";
  EXPECT_EQ(testing::python(script, {(directory / "a.zip").string()}), "70000 True 45\n");
}

TEST(DumpArchive, KilledBetweenItsRenamingAndTheEndItIsFinished) {
  const TemporaryDirectory directory;
  const DumpManifest manifest = manifest_of(DumpFormat::kZip, 6);
  go_on(directory / "a.zip", manifest, {}, 5);
  const std::string log = testing::read_bytes(directory / "a.zip.part.log");
  go_on(directory / "a.zip", manifest, {}, 6);
  testing::write_bytes(directory / "a.zip.part.log", log);
  EXPECT_TRUE(open_dump(directory / "a.zip", manifest).missing.empty());
  EXPECT_FALSE(fs::exists(directory / "a.zip.part.log"));
}

TEST(DumpFolder, WhatKilledWritersLeftIsRemoved) {
  const TemporaryDirectory directory;
  const DumpManifest manifest = manifest_of(DumpFormat::kSubdirs, 3);
  go_on(directory / "d", manifest, {}, 2);
  for (const char* name : {"d/manifest.json.tmp-17", "d/000000/000002.png.tmp-17"}) {
    testing::write_bytes(directory / name, "half");
  }
  go_on(directory / "d", manifest, {}, 3);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory / "d"), {}), 2);  // the manifest, a folder
  EXPECT_EQ(std::distance(fs::directory_iterator(directory / "d/000000"), {}), 3);
}

TEST(DumpArchive, APartWithoutItsManifestIsRefused) {
  const TemporaryDirectory directory;
  const DumpManifest manifest = manifest_of(DumpFormat::kNpz, 6);
  go_on(directory / "a.npz", manifest, {}, 3);
  fs::remove(directory / "a.npz.manifest.json");
  EXPECT_THROW_WITH(open_dump(directory / "a.npz", manifest), UsageError, "a.npz.part: has no manifest");
}

class CountingSink : public DumpSink {
 public:
  CountingSink(size_t count, size_t fail_at)
      : DumpSink("nowhere", DumpPlan(manifest_of(DumpFormat::kNpz, int64_t(count)))), fail_at_(fail_at) {}
  std::vector<size_t> missing() override { return {}; }
  void write(size_t index, std::string bytes) override {
    const std::lock_guard lock(mutex_);
    TORCH_CHECK(index != fail_at_, "no room for ", index);
    stored[index] = std::move(bytes);
  }
  void finish() override {}
  std::map<size_t, std::string> stored;

 private:
  std::mutex mutex_;
  size_t fail_at_;
};

TEST(EncodeQueue, StoresEachImageOnceAlsoWhenItIsAbandoned) {
  for (const bool finish : {true, false}) {
    CountingSink sink(100, 100);
    {
      EncodeQueue queue(sink, 3, 5);
      for (size_t i = 0; i < 100; ++i) queue.push(i, image_of(int64_t(i)));
      if (finish) {
        queue.finish();
        EXPECT_EQ(queue.stored(), 100U);
      }
    }
    ASSERT_EQ(sink.stored.size(), 100U);
    for (const auto& [index, bytes] : sink.stored) EXPECT_EQ(bytes, interleaved(image_of(int64_t(index))));
  }
}

TEST(EncodeQueue, AnErrorOfAThreadComesOutAndEndsTheWaiting) {
  CountingSink sink(1000, 7);
  EncodeQueue queue(sink, 2, 1);
  const auto push_all = [&] {
    for (size_t i = 0; i < 1000; ++i) queue.push(i, image_of(1));
  };
  EXPECT_THROW_WITH(push_all(), c10::Error, "no room for 7");
  EXPECT_THROW_WITH(queue.finish(), c10::Error, "no room for 7");
}

TEST(EncodeQueue, ARefusedThreadIsAnError) {
  CountingSink sink(10, 10);
  for (const int granted : {0, 1, 2}) {
    const testing::RefusedThreads refused(granted);
    EXPECT_THROW(EncodeQueue(sink, 3, 5), std::system_error) << granted;
  }
}

TEST(DumpManifest, ReadsBackWhatItWrites) {
  DumpManifest manifest = manifest_of(DumpFormat::kZip, 5);
  manifest.making.weights = "ema-0.9999";
  manifest.making.weights_crc = 0x0012ab;
  manifest.making.overrides = {"model.depth=4", "diffusion.schedule=x"};
  manifest.making.sample.cfg = 1.3;
  manifest.making.sample.clip_x0 = true;
  manifest.making.device = "cuda:1";
  manifest.shard_of = {0, 1, 2, 3, 4, 9};
  const std::string text = to_json(manifest);
  EXPECT_EQ(to_json(manifest_from_json(text, "m")), text);
}

TEST(DumpManifest, SaysWhatIsWrong) {
  const std::string text = to_json(manifest_of(DumpFormat::kZip, 5));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    return changed;
  };
  EXPECT_THROW_WITH(manifest_from_json("{", "m.json"), UsageError,
                    "m.json: not valid JSON, line 1, column 2");
  EXPECT_THROW_WITH(manifest_from_json(with("\"labels\"", "\"label\""), "m"), UsageError,
                    "'labels' not found");
  EXPECT_THROW_WITH(manifest_from_json(with("\"zip\"", "\"tar\""), "m"), UsageError,
                    "m: format 'tar' must be");
  EXPECT_THROW_WITH(manifest_from_json(with("\"0-4\"", "\"4-0\""), "m"), UsageError, "runs backwards");
  EXPECT_THROW_WITH(manifest_from_json(with("\"0-4\"", "\"0,4,2\""), "m"), UsageError,
                    "seeds: must be ascending");
  EXPECT_THROW_WITH(manifest_from_json(with("\"steps\": 1000", "\"steps\": 0"), "m"), UsageError,
                    "m: sample.steps: 0 is out of range");
}

TEST(Shard, ThePartsAreAllOfIt) {
  const std::vector<int64_t> seeds{3, 5, 8, 9, 12, 20, 21};
  for (const int64_t count : {1, 2, 3, 7, 9}) {
    std::vector<int64_t> all;
    for (int64_t i = 0; i < count; ++i) {
      const auto part = shard_seeds(seeds, {i, count});
      EXPECT_LE(std::abs(int64_t(part.size()) * count - 7), count);
      all.insert(all.end(), part.begin(), part.end());
    }
    EXPECT_EQ(all, seeds);
  }
  EXPECT_EQ(shard_path("a/x.zip", {1, 4, true}), "a/x.shard-1-of-4.zip");
  EXPECT_EQ(shard_path("a/x.d/", {1, 4, true}), "a/x.d.shard-1-of-4");
  EXPECT_EQ(shard_path("a/x.zip", {1, 4, false}), "a/x.zip");
}

}  // namespace
}  // namespace uvic
