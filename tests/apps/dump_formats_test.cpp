// The formats as others read them, shards and their merging, verify.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/dump_files.h"
#include "support/python.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_ok;
using testing::expect_usage_error;
using testing::run;

class DumpFormats : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    files_ = new testing::DumpFiles;
    for (const std::string name : {"d", "d.zip", "d.npz"}) expect_ok(run(dump(name, "--seeds 7,0-30,1000")));
    expect_ok(run(dump("sub", "--seeds 7,0-30,1000 --subdirs")));
  }
  static void TearDownTestSuite() { delete files_; }
  static std::string path(const std::string& name) { return files_->path(name); }
  static std::string dump(const std::string& name, const std::string& options) {
    return files_->dump(name, options);
  }
  static std::string merge(const std::string& out, const std::vector<std::string>& shards,
                           const std::string& options = "") {
    std::string command = "uvic-fid merge --quiet " + options + " " + path(out);
    for (const auto& shard : shards) command += " " + path(shard);
    return command;
  }
  static std::map<std::string, std::string> contents(const std::string& name) {
    return files_->contents(name);
  }
  static testing::DumpFiles* files_;
};
testing::DumpFiles* DumpFormats::files_ = nullptr;

TEST_F(DumpFormats, SubdirsOfAThousandHoldTheSamePngs) {
  auto flat = contents("d"), sub = contents("sub");
  EXPECT_EQ(sub.at("000000/000030.png"), flat.at("000030.png"));
  EXPECT_EQ(sub.at("001000/001000.png"), flat.at("001000.png"));
  EXPECT_EQ(sub.size(), flat.size());
}

TEST_F(DumpFormats, PythonReadsTheZipAndFindsTheSamePngs) {
  const std::string script = R"(
import sys, zipfile, os
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
names = sorted(n for n in os.listdir(sys.argv[2]) if n.endswith('.png'))
assert z.namelist() == names, z.namelist()
for info in z.infolist():
    assert info.compress_type == zipfile.ZIP_STORED and info.date_time == (1980, 1, 1, 0, 0, 0)
    assert z.read(info) == open(os.path.join(sys.argv[2], info.filename), 'rb').read()
print(len(names)))";
  EXPECT_EQ(testing::python(script, {path("d.zip"), path("d")}), "32\n");
}

TEST_F(DumpFormats, PythonReadsTheNpzAndFindsThePixelsOfThePngs) {
  // The PNGs' scan lines are decoded here from scratch: zlib and Paeth's filter.
  const std::string script = R"(
import ast, os, struct, sys, zipfile, zlib
def npy(b):
    assert b[:8] == b'\x93NUMPY\x01\x00'
    n, = struct.unpack('<H', b[8:10])
    assert (10 + n) % 64 == 0
    return ast.literal_eval(b[10:10 + n].decode()), b[10 + n:]
def pixels(png):
    data, at = b'', 8
    while at < len(png):
        n, kind = struct.unpack('>I4s', png[at:at + 8])
        assert zlib.crc32(png[at + 4:at + 8 + n]) == struct.unpack('>I', png[at + 8 + n:at + 12 + n])[0]
        if kind == b'IHDR': w, h, depth, colour = struct.unpack('>IIBB', png[at + 8:at + 18])
        if kind == b'IDAT': data += png[at + 8:at + 8 + n]
        at += 12 + n
    assert depth == 8 and colour == 0
    raw, above, out = zlib.decompress(data), bytes(w), b''
    for y in range(h):
        line = raw[y * (w + 1):(y + 1) * (w + 1)]
        assert line[0] == 4
        row = []
        for x in range(w):
            a, b, c = (row[x - 1], above[x], above[x - 1]) if x else (0, above[x], 0)
            p = a + b - c
            best = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            row.append((line[1 + x] + best) & 255)
        above = bytes(row)
        out += above
    return out
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None and z.namelist() == ['arr_0.npy', 'arr_1.npy']
header, images = npy(z.read('arr_0.npy'))
assert header == {'descr': '|u1', 'fortran_order': False, 'shape': (32, 8, 8, 1)}, header
names = sorted(n for n in os.listdir(sys.argv[2]) if n.endswith('.png'))
assert images == b''.join(pixels(open(os.path.join(sys.argv[2], n), 'rb').read()) for n in names)
header, labels = npy(z.read('arr_1.npy'))
assert header == {'descr': '<i8', 'fortran_order': False, 'shape': (32,)}, header
print(list(struct.unpack('<32q', labels)) == [int(n[:6]) % 4 for n in names]))";
  EXPECT_EQ(testing::python(script, {path("d.npz"), path("d")}), "True\n");
}

TEST_F(DumpFormats, MergedShardsEqualTheWholeDump) {
  for (const std::string whole : {"d", "d.zip", "d.npz", "sub"}) {
    const bool sub = whole == "sub";
    const std::string ending = sub ? "" : whole.substr(1);
    std::vector<std::string> shards;
    for (const std::string i : {"0", "1", "2"}) {
      shards.push_back("shard-of-" + whole + "-" + i + ending);
      expect_ok(
          run(dump(shards.back(), "--seeds 7,0-30,1000 --shard " + i + "/3" + (sub ? " --subdirs" : ""))));
    }
    std::swap(shards[0], shards[2]);
    expect_ok(run(merge("merged-" + whole + ending, shards, sub ? "--format subdirs" : "")));
    EXPECT_TRUE(contents("merged-" + whole + ending) == contents(whole));
    EXPECT_NE(contents(shards[0]), contents(whole));
  }
}

TEST_F(DumpFormats, AnyFormatMergesIntoAnyOther) {
  int number = 0;
  for (const std::string from : {"d", "d.zip", "d.npz", "sub"}) {
    for (const std::string to : {"d", "d.zip", "d.npz", "sub"}) {
      const std::string name = "converted-" + std::to_string(number++) + (to == "sub" ? "" : to.substr(1));
      expect_ok(run(merge(name, {from}, to == "sub" ? "--format subdirs" : "")));
      EXPECT_TRUE(contents(name) == contents(to)) << from << " to " << to;
    }
  }
}

TEST_F(DumpFormats, RanksOfTheEnvironmentAreShards) {
  for (const std::string rank : {"0", "1"}) {
    expect_ok(run("env RANK=" + rank + " WORLD_SIZE=2 " + dump("ranks.zip", "--seeds 7,0-30,1000")));
  }
  EXPECT_FALSE(fs::exists(path("ranks.zip")));
  expect_ok(run(merge("ranks.zip", {"ranks.shard-0-of-2.zip", "ranks.shard-1-of-2.zip"})));
  EXPECT_TRUE(contents("ranks.zip") == contents("d.zip"));
  expect_ok(run("env RANK=1 WORLD_SIZE=2 " + dump("explicit", "--num 8 --shard 0/2")));
  EXPECT_TRUE(fs::exists(path("explicit") + "/000003.png"));
  EXPECT_FALSE(fs::exists(path("explicit") + "/000004.png"));
  expect_usage_error(dump("x", "--num 8 --shard 2/2"), "I is 0 to N - 1");
  expect_usage_error(dump("x", "--num 8 --shard 2"), "must be I/N");
  expect_usage_error("env RANK=a WORLD_SIZE=2 " + dump("x", "--num 8"), "'a' is not a whole number");
}

TEST_F(DumpFormats, MergeRefusesWhatDoesNotFit) {
  for (const std::string i : {"0", "1", "2"}) {
    expect_ok(run(dump("part" + i, "--num 30 --shard " + i + "/3")));
  }
  expect_usage_error(merge("m", {"part0", "part2"}), "a shard is missing, that of the seeds 10-19");
  expect_usage_error(merge("m", {"part0", "part1", "part2", "part1"}), "seed 10 is in ");
  expect_ok(run(dump("other", "--seeds 40-49 --steps 3")));
  expect_usage_error(merge("m", {"part0", "other"}), "sample.steps is 4 in " + path("part0") + " and 3 in ");
  expect_usage_error(merge("m", {"part0", "d"}), "are shards of dumps of other seeds");
  expect_usage_error(merge("m", {"part0", "nowhere"}), "nowhere: no such file or folder");
  fs::remove(path("part1") + "/000012.png");
  expect_usage_error(merge("m", {"part0", "part1", "part2"}), "000012.png: is missing");
  fs::copy(path("d.zip"), path("bare.zip"));
  expect_usage_error(merge("m", {"bare.zip"}), "has no manifest");
  EXPECT_FALSE(fs::exists(path("m")));
}

TEST_F(DumpFormats, VerifyMakesAFewAnewAndFindsThemEqual) {
  for (const std::string name : {"d", "d.zip", "d.npz", "sub"}) {
    const auto result = run("uvic-fid verify --device cpu --count 5 --seed 3 " + path(name));
    expect_ok(result);
    EXPECT_NE(result.out.find("all 32 images are there and whole"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("5 of 5 images made anew"), std::string::npos) << result.out;
  }
}

TEST_F(DumpFormats, VerifyFindsWhatIsMissingDamagedOrNotOfThatCheckpoint) {
  const auto fails = [&](const std::string& arguments, const std::string& text) {
    const auto result = run("uvic-fid verify --device cpu " + arguments);
    EXPECT_EQ(result.code, 1) << result.err;
    EXPECT_NE(result.err.find(text), std::string::npos) << result.err;
  };
  expect_ok(run(merge("v", {"d"})));
  fs::remove(path("v") + "/000003.png");
  std::string bytes = testing::read_bytes(path("v") + "/000009.png");
  bytes[bytes.size() - 20] ^= 1;
  testing::write_bytes(path("v") + "/000009.png", bytes);
  fails(path("v"), "000003.png: is missing");
  fails(path("v"), "000009.png: is damaged");
  for (const std::string name : {"v.zip", "v.npz"}) {
    expect_ok(run(merge(name, {"d"})));
    bytes = testing::read_bytes(path(name));
    bytes[bytes.size() / 2] ^= 1;
    testing::write_bytes(path(name), bytes);
    fails(path(name), "damaged");
  }
  // The images of other seeds under these names: whole, yet not what the checkpoint makes.
  auto manifest = nlohmann::ordered_json::parse(testing::read_bytes(path("d.npz") + ".manifest.json"));
  manifest["seeds"] = "100-130,2000";  // of the same classes
  fs::copy(path("d.npz"), path("w.npz"));
  testing::write_bytes(path("w.npz") + ".manifest.json", manifest.dump());
  fails(path("w.npz"), "at most 1 grey level on 5 %");

  expect_usage_error("uvic-fid verify " + path("nowhere"), "no such file or folder");
  const std::string raw = (files_->run() / "run/checkpoints/step-00000006/model.safetensors").string();
  expect_usage_error("uvic-fid verify " + path("d") + " --checkpoint " + raw,
                     "are not the weights that made");
  expect_ok(run("uvic-fid verify --count 0 " + path("d") + " --checkpoint " + raw));
  manifest.erase("labels");
  testing::write_bytes(path("w.npz") + ".manifest.json", manifest.dump());
  expect_usage_error("uvic-fid verify " + path("w.npz"), "'labels' not found");
}

TEST_F(DumpFormats, AHistogramOfLabelsIsKeptInTheManifest) {
  testing::write_bytes(path("counts.json"), "[1, 0, 2, 5]");
  expect_ok(run(dump("h.npz", "--num 8 --labels " + path("counts.json"))));
  fs::remove(path("counts.json"));
  expect_ok(run("uvic-fid verify --device cpu " + path("h.npz")));
  const auto manifest = nlohmann::json::parse(testing::read_bytes(path("h.npz") + ".manifest.json"));
  EXPECT_EQ(manifest.at("labels"), "[1,0,2,5]");
}

}  // namespace
}  // namespace uvic
