// .pth files: what PyTorch wrote is read, what we write others read, and nothing but tensors gets in.
#include "io/pth.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "core/errors.h"
#include "io/full_disk.h"
#include "io/pth_files.h"
#include "io/safetensors.h"
#include "io/save_pth.h"
#include "support/process.h"

namespace uvic {
namespace {

using namespace testing;
using at::Tensor;

void expect_equal(const TensorMap& loaded, const TensorMap& expected) {
  ASSERT_EQ(loaded.size(), expected.size());
  for (const auto& [name, tensor] : expected) {
    ASSERT_EQ(loaded.count(name), 1U) << name;
    EXPECT_EQ(loaded.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(loaded.at(name).is_contiguous()) << name;
    EXPECT_TRUE(at::equal(loaded.at(name), tensor)) << name;
  }
}

class Pth : public ::testing::Test {
 protected:
  std::filesystem::path path() const { return directory_ / "a.pth"; }
  void expect_refused(const std::string& body, const std::string& text,
                      const std::map<std::string, std::string>& storages = {}) const {
    write_pth(path(), body, storages);
    EXPECT_THROW_WITH(load_pth(path()), UsageError, text);
    EXPECT_THROW_WITH(load_pth(path()), UsageError, path().string());
  }
  TemporaryDirectory directory_;
};

TEST_F(Pth, WhatPyTorchSavedEqualsItsSafetensors) {
  const auto loaded = load_pth(fixture("weights_uvic_uncond.pth"));
  expect_equal(loaded.tensors, load_safetensors(fixture("weights_uvic_uncond.safetensors")).tensors);
  EXPECT_TRUE(loaded.metadata.empty());
}

TEST_F(Pth, RoundTripOfEveryTypeStridedEmptyAndScalar) {
  TensorMap tensors;
  for (const at::ScalarType dtype : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong, at::kInt,
                                     at::kShort, at::kChar, at::kByte, at::kBool}) {
    const Tensor whole = at::arange(-12, 12).view({2, 3, 4}).to(dtype);
    const std::string name = c10::str(dtype);
    tensors[name] = whole;
    tensors[name + ".strided"] = whole.transpose(0, 2);
    tensors[name + ".expanded"] = whole.select(2, 0).unsqueeze(0).expand({5, 2, 3});
    tensors[name + ".empty"] = whole.slice(0, 0, 0);
    tensors[name + ".scalar"] = whole.select(0, 1).select(0, 1).select(0, 1);
  }
  const std::map<std::string, std::string> metadata = {{"uvic.config", "model: {}\n"}, {"uvic.step", "7"}};
  save_pth(path(), tensors, metadata);
  const auto loaded = load_pth(path());
  expect_equal(loaded.tensors, tensors);
  EXPECT_EQ(loaded.metadata, metadata);
  EXPECT_EQ(load_pth_metadata(path()), metadata);
  const std::string first = read_bytes(path());
  save_pth(path(), tensors, metadata);
  EXPECT_EQ(read_bytes(path()), first);
}

TEST_F(Pth, PythonsStandardLibraryReadsWhatWeWrite) {
  const TensorMap tensors = {{"a.weight", at::randn({3, 4, 5})},
                             {"b", at::randn({7}).to(at::kBFloat16)},
                             {"c \xc3\xa9", at::arange(70000)},
                             {"d", at::zeros({0, 3})},
                             {"e", at::full({}, 2.5, at::kHalf)}};
  save_pth(path(), tensors, {{"uvic.step", "12"}});
  const auto result = run("python3 " UVIC_SOURCE "/tests/io/read_pth.py " + path().string());
  EXPECT_EQ(result.code, 0) << result.err;
  const std::map<std::string, std::string> kinds = {{"a.weight", "Float [3, 4, 5]"},
                                                    {"b", "BFloat16 [7]"},
                                                    {"c \xc3\xa9", "Long [70000]"},
                                                    {"d", "Float [0, 3]"},
                                                    {"e", "Half []"}};
  std::string expected;
  for (const auto& [name, kind] : kinds) {
    const Tensor& tensor = tensors.at(name);
    char crc[16];
    std::snprintf(crc, sizeof crc, "%08lx",
                  crc32(0, static_cast<const Bytef*>(tensor.const_data_ptr()), uInt(tensor.nbytes())));
    expected += name + " " + kind + " " + crc + "\n";
  }
  EXPECT_EQ(result.out, expected + "extra/uvic.step 12\n");
}

TEST_F(Pth, ViewsOfOneStorageAreCutOutOfIt) {
  const TensorText rows{{2, 2}, {1, 2}, 6, 1}, all{{6}, {1}, 6};
  write_pth(path(), pickled_dict({{"rows", rows()}, {"all", all()}}),
            {{"0", float_bytes({0, 1, 2, 3, 4, 5})}});
  expect_equal(load_pth(path()).tensors,
               {{"rows", at::tensor({1.F, 3.F, 2.F, 4.F}).view({2, 2})}, {"all", at::arange(6, at::kFloat)}});
}

TEST_F(Pth, ParametersMemoAndStateDictMetadataAreUnderstood) {
  const TensorText tensor{{1}, {1}, 1};
  const std::string parameter = "ctorch._utils\n_rebuild_parameter\nq\x05(" + tensor() + "\x88" +
                                "ccollections\nOrderedDict\n)RtRq\x06";
  // OrderedDict(), two names for one parameter, then BUILD with {"_metadata": OrderedDict()}.
  write_pth(path(),
            "ccollections\nOrderedDict\n)R(" + pickled("p") + parameter + pickled("q") + "h\x06u" + "}" +
                pickled("_metadata") + "ccollections\nOrderedDict\n)Rsb",
            {{"0", float_bytes({2.5})}});
  const Tensor value = at::tensor({2.5F});
  expect_equal(load_pth(path()).tensors, {{"p", value}, {"q", value}});
}

TEST_F(Pth, TheOneDictOfTensorsInsideADictIsTaken) {
  const std::string state = pickled_dict({{"w", TensorText{{2}, {1}, 2}()}});
  const std::string settings = pickled_dict({{"lr", "G" + std::string("\x3f\xf0\0\0\0\0\0\0", 8)},
                                             {"betas",
                                              "](K\x01K\x02"
                                              "e"},
                                             {"none", "N"}});
  const std::map<std::string, std::string> storages = {{"0", float_bytes({3, 4})}};
  write_pth(path(), pickled_dict({{"epoch", "K\x07"}, {"state_dict", state}, {"settings", settings}}),
            storages);
  expect_equal(load_pth(path()).tensors, {{"w", at::tensor({3.F, 4.F})}});
  expect_refused(pickled_dict({{"model", state}, {"ema", state}}),
                 "holds several dicts of tensors: \"model\", \"ema\"", storages);
  expect_refused(pickled_dict({{"settings", settings}}), "holds no tensors", storages);
  expect_refused("](" + TensorText{{2}, {1}, 2}() + "e", "holds a list; it must be a dict of tensors",
                 storages);
  expect_refused(pickled_dict({{"w", TensorText{{2}, {1}, 2}()}, {"epoch", "K\x07"}}),
                 "holds tensors, but \"epoch\" is an int", storages);
  expect_refused(pickled_dict({{"w", TensorText{{2}, {1}, 2}()}, {"w", TensorText{{2}, {1}, 2}()}}),
                 "\"w\" appears twice", storages);
}

TEST_F(Pth, AnythingButTensorsAndPlainContainersIsRefusedWithItsOpcodeAndItsName) {
  const std::string call = pickled("touch /tmp/uvic-was-here") + "\x85R";
  expect_refused("cos\nsystem\n" + call, "at byte 2, GLOBAL: os.system is neither a tensor nor a plain");
  expect_refused("cbuiltins\neval\n" + call, "GLOBAL: builtins.eval");
  expect_refused("ctorch\nload\n)R", "GLOBAL: torch.load");
  expect_refused("ctorch\nComplexFloatStorage\n", "GLOBAL: torch.ComplexFloatStorage");
  expect_refused("cnumpy.core.multiarray\n_reconstruct\n", "GLOBAL: numpy.core.multiarray._reconstruct");
  expect_refused(pickled("os") + pickled("system") + "\x93", "STACK_GLOBAL: only tensors and plain");
  expect_refused("(ios\nsystem\n", "INST: only tensors");
  expect_refused("ccollections\nOrderedDict\n)\x81", "NEWOBJ");
  expect_refused("\x82\x01", "EXT1");
  expect_refused("Pid\n", "PERSID");
  expect_refused("\xff", "opcode 255");
  expect_refused("ctorch\nFloatStorage\n)R", "REDUCE: it calls a storage type");
  expect_refused("K\x01)R", "REDUCE: it calls an int");
  expect_refused("ccollections\nOrderedDict\nK\x01R", "REDUCE: it meets an int");
  expect_refused("]}b", "BUILD: it meets a list");
  EXPECT_FALSE(std::filesystem::exists("/tmp/uvic-was-here"));
  EXPECT_THROW_WITH(load_pth(UVIC_SOURCE "/tests/fixtures/images/in/rgb.bmp"), UsageError,
                    "cannot be read as a ZIP archive");
}

TEST_F(Pth, DamagedPicklesAreRefused) {
  expect_refused("}(", "STOP: the stack is empty");
  expect_refused("", "the stack is empty");
  expect_refused("e", "APPENDS: there is no mark");
  expect_refused("](a", "APPEND: the stack is empty");
  expect_refused("}K\x01s", "SETITEM");
  expect_refused("}(K\x01u", "a key has no value");
  expect_refused("h\x03", "BINGET: nothing was remembered as 3");
  expect_refused("Nr\xff\xff\xff\xff", "LONG_BINPUT: more than 4000000 values");
  expect_refused("X\xff\xff\xff\x7fx", "BINUNICODE: the pickle is truncated");
  expect_refused("\x80\x04", "PROTO: protocol 4");
  expect_refused(
      "\x8a\x09"
      "123456789",
      "LONG1: an integer of 9 bytes");
  expect_refused("K\x01Q", "a persistent id is an int, not a tuple");
  expect_refused(pickled(std::vector<int64_t>{1, 2}) + "Q", "BINPERSID");
  expect_refused("ctorch._utils\n_rebuild_tensor_v2\n)R", "_rebuild_tensor_v2 has 0 arguments");
  expect_refused(TensorText{std::vector<int64_t>(65, 1), {1}, 1}(),
                 "the shape of a tensor has 65 dimensions");
  expect_refused(std::string(4'100'000, ']'), "more than 4000000 values");
  expect_refused(std::string(4'100'000, '('), "more than 4000000 values");
}

// A list inside itself, lists 100,000 deep, and 2^60 lists by sharing: no recursion, no blow-up.
TEST_F(Pth, NestingCannotExhaustTheMachine) {
  expect_refused(
      "]q\x01h\x01"
      "a",
      "holds a list");
  expect_refused(std::string(100'000, ']') + std::string(99'999, 'a'), "holds a list");
  std::string shared = "]";
  for (int i = 0; i < 60; ++i) {
    const std::string slot(1, char(i + 1));
    shared += "q" + slot + "\x85q" + slot + "h" + slot + "\x86";
  }
  expect_refused(shared, "holds a tuple");
}

TEST_F(Pth, ViewsThatDoNotFitTheirStorageAreRefused) {
  const auto refuse = [&](const TensorText& tensor, const std::string& text, size_t floats = 6) {
    expect_refused(pickled_dict({{"w", tensor()}}), text,
                   {{"0", float_bytes(std::vector<float>(floats, 1.F))}});
    expect_refused(pickled_dict({{"w", tensor()}}), "tensor \"w\"",
                   {{"0", float_bytes(std::vector<float>(floats, 1.F))}});
  };
  refuse({{7}, {1}, 6}, "it has more elements than its storage");
  refuse({{6}, {1}, 6, 1}, "it leaves its storage (shape [6], strides [1], offset 1, storage 6)");
  refuse({{2, 3}, {4, 1}, 6}, "it leaves its storage");
  refuse({{2}, {1}, 6, -1}, "it leaves its storage");
  refuse({{2}, {INT64_MAX}, 6, 1}, "it leaves its storage");
  refuse({{INT64_MAX, INT64_MAX}, {0, 0}, 6}, "it has more elements than its storage");
  refuse({{1000000}, {0}, 6}, "it has more elements than its storage");
  refuse({{2, 3}, {1}, 6}, "as many strides as sizes are needed");
  refuse({{6}, {1}, 6}, "a/data/0, has 20 bytes where 6 of Float should be", 5);
  refuse({{6}, {1}, 6, 0, "FloatStorage", "1"}, "a/data/1, is missing");
  refuse({{6}, {1}, INT64_MAX}, "bytes where");
  refuse({{6}, {1}, 6, 0, "DoubleStorage"}, "where 6 of Double should be");
  expect_refused(pickled_dict({{"w", TensorText{{-1}, {1}, 6}()}}), "the shape of a tensor holds -1");
  expect_refused(pickled_dict({{"w", TensorText{{6}, {-1}, 6}()}}), "the strides of a tensor holds -1");
  expect_refused(pickled_dict({{"w", TensorText{{6}, {1}, -6}()}}), "the size of a storage is -6");
  expect_refused(
      pickled_dict({{"v", TensorText{{6}, {1}, 6}()}, {"w", TensorText{{6}, {1}, 6, 0, "IntStorage"}()}}),
      "tensor \"w\": its storage 0 is described in two ways",
      {{"0", float_bytes(std::vector<float>(6, 1.F))}});
}

TEST_F(Pth, DamagedFilesAreRefused) {
  EXPECT_THROW_WITH(load_pth(directory_ / "nowhere.pth"), UsageError, "no such file");
  EXPECT_THROW_WITH(load_pth(directory_.path()), UsageError, "cannot be read");
  const std::string whole = read_bytes(fixture("weights_uvic_uncond.pth"));
  for (const size_t size : {size_t(0), size_t(3), size_t(1000), whole.size() / 2, whole.size() - 1}) {
    write_bytes(path(), whole.substr(0, size));
    EXPECT_THROW_WITH(load_pth(path()), UsageError, "cannot be read as a ZIP archive");
  }
  std::string flipped = whole;
  flipped[20100] ^= 1;  // in data/2
  write_bytes(path(), flipped);
  EXPECT_THROW_WITH(load_pth(path()), UsageError, "weights_uvic_uncond/data/2: damaged: CRC error");
  write_bytes(path(), std::string(kLegacyPthStart) + "\x6c\xfc\x9c\x46\xf9 and so on");
  EXPECT_THROW_WITH(load_pth(path()), UsageError, "torch.save(torch.load(\"OLD\"");
  write_pth(path(), "}", {}, "big");
  EXPECT_THROW_WITH(load_pth(path()), UsageError, "not in little-endian order");
  write_zip(path(), {{"notes.txt", "x", 1}});
  EXPECT_THROW_WITH(load_pth(path()), UsageError, "a zip archive without data.pkl");
}

// Copies with one byte flipped each: refused in words or read, never a crash.
TEST_F(Pth, NoFlippedByteCrashesTheReader) {
  save_pth(path(), {{"a", at::randn({3, 4})}, {"b", at::randn({5})}}, {{"uvic.step", "1"}});
  const std::string whole = read_bytes(path());
  int refused = 0;
  for (size_t i = 0; i < whole.size(); i += whole.size() / 400 + 1) {
    std::string bytes = whole;
    bytes[i] = char(bytes[i] ^ 0x55);
    write_bytes(path(), bytes);
    try {
      load_pth(path());
    } catch (const UsageError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 50);
}

TEST_F(Pth, ATensorFileIsToldByItsContent) {
  const TensorMap tensors = {{"a", at::ones({2})}};
  save_pth(directory_ / "p.safetensors", tensors, {{"k", "v"}});
  save_safetensors(directory_ / "s.bin", tensors, {{"k", "v"}});
  for (const char* name : {"p.safetensors", "s.bin"}) {
    expect_equal(load_tensor_file(directory_ / name).tensors, tensors);
    EXPECT_EQ(load_tensor_file_metadata(directory_ / name).at("k"), "v");
  }
  write_bytes(path(), "nothing like it");
  EXPECT_THROW_WITH(load_tensor_file(path()), UsageError, "cannot be read as a ZIP archive");
}

TEST_F(Pth, AFullDiskLeavesTheOldFile) {
  save_pth(path(), {{"a", at::ones({2})}});
  const std::string before = read_bytes(path());
  {
    const FullDisk full(10000);
    EXPECT_THROW_WITH(save_pth(path(), {{"a", at::ones({100000})}}), std::runtime_error, "cannot write ");
  }
  EXPECT_EQ(read_bytes(path()), before);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_.path()), {}), 1);
}

}  // namespace
}  // namespace uvic
