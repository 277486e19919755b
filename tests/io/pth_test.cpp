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
    EXPECT_THROW_WITH(load_tensor_file(path()), UsageError, text);
    EXPECT_THROW_WITH(load_tensor_file(path()), UsageError, path().string());
  }
  TemporaryDirectory directory_;
};

TEST_F(Pth, WhatPyTorchSavedEqualsItsSafetensors) {
  const auto loaded = load_tensor_file(fixture("weights_uvic_uncond.pth"));
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
  const auto loaded = load_tensor_file(path());
  expect_equal(loaded.tensors, tensors);
  EXPECT_EQ(loaded.metadata, metadata);
  EXPECT_EQ(load_tensor_file_metadata(path()), metadata);
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
  expect_equal(load_tensor_file(path()).tensors,
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
  expect_equal(load_tensor_file(path()).tensors, {{"p", value}, {"q", value}});
}

TEST_F(Pth, TensorsAreNamedByAllThatTheyLieIn) {
  const auto tensor = [](const std::string& key) {
    return TensorText{{1}, {1}, 1, 0, "FloatStorage", key}();
  };
  const std::string state = pickled_dict({{"a.w", tensor("0")}});
  write_pth(
      path(),
      pickled_dict({{"epoch", "K\x07"},
                    {"state_dict", state},
                    {"list", "](" + tensor("1") + pickled_dict({{"w", tensor("2")}}) + "e"},
                    {"top", tensor("3")}}),
      {{"0", float_bytes({0})}, {"1", float_bytes({1})}, {"2", float_bytes({2})}, {"3", float_bytes({3})}});
  const auto reader = open_tensor_file(path());
  EXPECT_EQ(reader->outline(), "a dict of 4 (epoch, state_dict, list, top)");
  std::string found;
  for (const StoredTensor& stored : reader->tensors())
    found += c10::str(stored.name, " ", stored.nested, " ", at::IntArrayRef(stored.shape), "\n");
  EXPECT_EQ(found, "state_dict.a.w 11 [1]\nlist.0 5 [1]\nlist.1.w 7 [1]\ntop 0 [1]\n");
  EXPECT_EQ(reader->read(2).item<float>(), 2);
  write_pth(path(), pickled_dict({{"w", tensor("0")}, {"w", tensor("0")}}), {{"0", float_bytes({0})}});
  EXPECT_THROW_WITH(load_tensor_file(path()), UsageError, "\"w\" appears twice");
  write_pth(path(), "](K\x01" + pickled("x") + "Ne");
  EXPECT_EQ(open_tensor_file(path())->outline(), "a list of 3 (1, a string, None)");
}

// Whatever else a file holds becomes a name; nothing runs.
TEST_F(Pth, UnknownObjectsArePassedOverAndRunNothing) {
  const std::string marker = (directory_ / "was-here").string();
  const std::string call = pickled("touch " + marker) + "\x85R";
  const std::string dtype = "cnumpy\ndtype\n" + pickled("f8") + "\x89\x88\x87R(K\x03" + pickled("<") + "Ntb";
  const std::map<std::string, std::string> objects = {
      {"system", "cos\nsystem\n" + call},
      {"eval", "cbuiltins\neval\n" + call},
      {"stack_global", pickled("os") + pickled("system") + "\x93" + call},
      {"inst", "(" + pickled("touch " + marker) + "ios\nsystem\n"},
      {"obj", "(cos\nsystem\n" + pickled("touch " + marker) + "o"},
      {"namespace", "cargparse\nNamespace\n)\x81}" + pickled("lr") + "K\x01sb"},
      {"new_with_keys", "cmine\nConfig\n)}\x92"},
      {"dict_class", "cmine\nConfig\n)\x81" + pickled("lr") + "K\x01s"},
      {"list_class", "cmine\nList\n)\x81K\x01" + std::string("a")},
      {"called_again", "cfunctools\npartial\n)R)R"},
      {"scalar", "cnumpy.core.multiarray\nscalar\n" + dtype + "C\x08xxxxxxxx" + "\x86R"},
      {"set", "\x8f(K\x01K\x02\x90"},
      {"frozenset", "(K\x01\x91"},
      {"defaultdict", "ccollections\ndefaultdict\ncbuiltins\nint\n\x85R" + pickled("k") + "K\x01s"},
      {"extension", "\x82\x01"},
      {"long", std::string("\x8a\x0a") + "0123456789"},
      {"bytes", "B" + le(2, 4) + "ab" + "0" + "N"},
      {"complex", "ctorch._utils\n_rebuild_tensor_v2\n((" + pickled("storage") +
                      "ctorch\nComplexFloatStorage\n" + pickled("9") + pickled("cpu") + "K\x01tQ" +
                      pickled(int64_t{0}) + "K\x01\x85K\x01\x85\x89NtR"},
      {"sparse", "ctorch._utils\n_rebuild_sparse_tensor\n)R"},
      {"device", "ctorch\ndevice\n" + pickled("cuda") + "\x85R"}};
  const Tensor value = at::tensor({3.F, 4.F});
  const std::pair<std::string, std::string> weight = {"w", TensorText{{2}, {1}, 2}()};
  for (const auto& [name, object] : objects) {
    SCOPED_TRACE(name);
    write_pth(path(), pickled_dict({{name, object}, weight}), {{"0", float_bytes({3, 4})}});
    expect_equal(load_tensor_file(path()).tensors, {{"w", value}});
  }
  EXPECT_FALSE(std::filesystem::exists(marker));
  write_pth(path(), pickled_dict({{"sparse", objects.at("sparse")}, weight}), {{"0", float_bytes({3, 4})}});
  EXPECT_EQ(open_tensor_file(path())->unread(), std::vector<std::string>{"sparse"});
  // An object that is an array, right under a key.
  write_pth(path(), pickled_dict({{"a", "cmine\nBox\n" + weight.second + "\x85R"}}),
            {{"0", float_bytes({3, 4})}});
  expect_equal(load_tensor_file(path()).tensors, {{"a", value}});
  EXPECT_EQ(open_tensor_file(path())->tensors()[0].nested, 1U);
  // Parameters with attributes, and tensors of a subclass.
  const std::string rebuild = weight.second.substr(0, weight.second.size() - 1),
                    dict = "ccollections\nOrderedDict\n)R";
  const size_t arguments = rebuild.find("((");
  write_pth(
      path(),
      pickled_dict(
          {{"p", "ctorch._utils\n_rebuild_parameter_with_state\n(" + weight.second + "\x88" + dict + "}tR"},
           {"t",
            "ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\nctorch\nTensor\n" +
                rebuild.substr(arguments) + "}tR"}}),
      {{"0", float_bytes({3, 4})}});
  expect_equal(load_tensor_file(path()).tensors, {{"p", value}, {"t", value}});
}

// Callbacks by their classes, nodes of a configuration that know their parents, and all that Python can make
// of itself, by its own pickle in every protocol of torch.save.
TEST_F(Pth, WhatATrainerKeepsBesideItsWeightsIsPassedOver) {
  for (int protocol = 2; protocol <= 5; ++protocol) {
    SCOPED_TRACE(protocol);
    const auto written = run("python3 " UVIC_SOURCE "/tests/io/lightning_checkpoint.py " + path().string() +
                             " " + std::to_string(protocol));
    ASSERT_EQ(written.code, 0) << written.err;
    const auto reader = open_tensor_file(path());
    TensorMap weights;
    for (size_t i = 0; i < reader->tensors().size(); ++i) {
      if (reader->tensors()[i].name.starts_with("state_dict."))
        weights[reader->tensors()[i].name] = reader->read(i);
    }
    expect_equal(weights,
                 {{"state_dict.weight", at::tensor({1.F, 2.F})}, {"state_dict.bias", at::tensor({3.F})}});
    EXPECT_EQ(reader->settings().at("global_step"), "470000");
    EXPECT_TRUE(reader->unread().empty());
  }
}

TEST_F(Pth, MalformedCallsAreRefusedWithTheirOpcode) {
  expect_refused("Pid\n", "PERSID: only torch.save's pickles");
  expect_refused("\xff", "opcode 255");
  expect_refused("ctorch\nFloatStorage\n)R", "REDUCE: it calls a storage type");
  expect_refused("K\x01)R", "REDUCE: it calls an int");
  expect_refused("ccollections\nOrderedDict\nK\x01R", "REDUCE: it meets an int");
  expect_refused("]}b", "BUILD: it meets a list");
  expect_refused("K\x01)\x81", "NEWOBJ: it makes an object of an int");
  expect_refused("K\x01K\x02\x93", "STACK_GLOBAL: it meets an int");
  expect_refused("\x97", "NEXT_BUFFER");
}

// What torch.save(module) has: objects with _modules and _parameters.
TEST_F(Pth, AModuleThatWasPickledWholeIsItsStateDict) {
  const auto module = [](const std::string& parameters, const std::string& modules) {
    return "cmine\nNet\n)\x81}" + pickled("training") + "\x88s" + pickled("_parameters") + parameters + "s" +
           pickled("_modules") + modules + "sb";
  };
  const std::string inner = module(pickled_dict({{"weight", TensorText{{2}, {1}, 2}()}}), "}");
  write_pth(path(), pickled_dict({{"model", module("}", pickled_dict({{"proj", inner}}))}}),
            {{"0", float_bytes({3, 4})}});
  expect_equal(load_tensor_file(path()).tensors, {{"model.proj.weight", at::tensor({3.F, 4.F})}});
  EXPECT_EQ(open_tensor_file(path())->tensors()[0].nested, 6U);
}

// As NumPy pickles them: with protocol 2 the bytes are Latin-1 text, later they are bytes.
TEST_F(Pth, NumPyArraysAreTensors) {
  const std::string dtype = "cnumpy\ndtype\n" + pickled("f4") + "\x89\x88\x87R(K\x03" + pickled("<") +
                            "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffNtb";
  const std::string bytes = float_bytes({1, -2.5, 3, 4, 5, 6});
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += byte < 0x80 ? std::string(1, c) : std::string{char(0xC0 | byte >> 6), char(0x80 | (byte & 0x3F))};
  }
  const auto array = [&](const std::string& data, const std::string& fortran) {
    return "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nN\x85" +
           ("C\x01"
            "b" +
            std::string("\x87R")) +
           "(K\x01K\x02K\x03\x86" + dtype + fortran + data + "tb";
  };
  const std::string latin1 = "c_codecs\nencode\n" + pickled(text) + pickled("latin1") + "\x86R";
  const std::string raw = "B" + le(bytes.size(), 4) + bytes;
  write_pth(path(), pickled_dict({{"old", array(latin1, "\x89")},
                                  {"columns", array(raw, "\x88")},
                                  {"new", "cnumpy._core.numeric\n_frombuffer\n(" + raw + dtype +
                                              "K\x02K\x03\x86" + pickled("C") + "tR"}}));
  const Tensor rows = at::tensor({1.F, -2.5F, 3.F, 4.F, 5.F, 6.F}).view({2, 3});
  const Tensor columns = at::tensor({1.F, -2.5F, 3.F, 4.F, 5.F, 6.F}).view({3, 2}).t().contiguous();
  expect_equal(load_tensor_file(path()).tensors, {{"old", rows}, {"new", rows}, {"columns", columns}});
  write_pth(path(), pickled_dict({{"short", array("C\x02"
                                                  "ab",
                                                  "\x89")}}));
  EXPECT_THROW_WITH(load_tensor_file(path()), UsageError, "array \"short\": it has 2 bytes for shape [2, 3]");
}

TEST_F(Pth, FilesOfBeforeTheZipFormatAreRead) {
  const std::string magic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.",
                    version = "\x80\x02M\xe9\x03.";
  const auto machine = [](bool little) {
    return "\x80\x02}" + pickled("little_endian") + (little ? "\x88" : "\x89") + "s.";
  };
  TensorText a{{2}, {1}, 3, 1}, b{{1}, {1}, 1, 0, "LongStorage", "1"};
  const std::string object = "\x80\x02" + pickled_dict({{"a", a()}, {"b", b()}}) + ".";
  const std::string keys = "\x80\x02](" + pickled("1") + pickled("0") + "e.";
  const std::string data = le(1, 8) + le(77, 8) + le(3, 8) + float_bytes({1, 2, 3});
  const std::string whole = magic + version + machine(true) + object + keys + data;
  write_bytes(path(), whole);
  expect_equal(load_tensor_file(path()).tensors,
               {{"a", at::tensor({2.F, 3.F})}, {"b", at::tensor({int64_t{77}})}});
  write_bytes(path(), magic + version + machine(false) + object + keys + data);
  EXPECT_THROW_WITH(load_tensor_file(path()), UsageError, "not in little-endian order");
  for (size_t size = magic.size(); size < whole.size(); ++size) {
    write_bytes(path(), whole.substr(0, size));
    EXPECT_THROW_WITH(load_tensor_file(path()), UsageError, "truncated");
  }
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
  expect_refused("\x80\x06", "PROTO: protocol 6");
  expect_refused("K\x01Q", "a persistent id is an int, not a tuple");
  expect_refused(pickled(std::vector<int64_t>{1, 2}) + "Q", "BINPERSID");
  expect_refused("ctorch._utils\n_rebuild_tensor_v2\n)R", "_rebuild_tensor_v2 has 0 arguments");
  expect_refused(TensorText{std::vector<int64_t>(65, 1), {1}, 1}(),
                 "the shape of a tensor has 65 dimensions");
  expect_refused(std::string(4'100'000, ']'), "more than 4000000 values");
  expect_refused(std::string(4'100'000, '('), "more than 4000000 values");
}

// A list inside itself, lists 100,000 deep, 2^60 lists by sharing, copies of one list: no recursion, no
// blow-up.
TEST_F(Pth, NestingCannotExhaustTheMachine) {
  const auto expect_empty = [&](const std::string& body) {
    write_pth(path(), body);
    EXPECT_TRUE(load_tensor_file(path()).tensors.empty());
  };
  expect_empty(
      "]q\x01h\x01"
      "a");
  expect_empty(std::string(100'000, ']') + std::string(99'999, 'a'));
  std::string shared = "]";
  for (int i = 0; i < 60; ++i) {
    const std::string slot(1, char(i + 1));
    shared += "q" + slot + "\x85q" + slot + "h" + slot + "\x86";
  }
  expect_empty(shared);
  std::string copies = "](" + std::string(100'000, 'N') + "eq\x01";
  for (int i = 0; i < 1000; ++i) copies += "0cos\nsystem\nh\x01\x85R";
  expect_empty(copies + "0N");
  std::string arguments = "(" + std::string(100'000, 'N') + "tq\x01";
  for (int i = 0; i < 1000; ++i) arguments += "0cos\nsystem\nh\x01R";
  expect_refused(arguments, "more than 4000000 values");
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
  refuse({{6}, {1}, 6}, "a/data/0, has 20 bytes where 6 of float32 should be", 5);
  refuse({{6}, {1}, 6, 0, "FloatStorage", "1"}, "a/data/1, is missing");
  refuse({{6}, {1}, INT64_MAX}, "bytes where");
  refuse({{6}, {1}, 6, 0, "DoubleStorage"}, "where 6 of float64 should be");
  expect_refused(pickled_dict({{"w", TensorText{{-1}, {1}, 6}()}}), "the shape of a tensor holds -1");
  expect_refused(pickled_dict({{"w", TensorText{{6}, {-1}, 6}()}}), "the strides of a tensor holds -1");
  expect_refused(pickled_dict({{"w", TensorText{{6}, {1}, -6}()}}), "the size of a storage is -6");
  expect_refused(
      pickled_dict({{"v", TensorText{{6}, {1}, 6}()}, {"w", TensorText{{6}, {1}, 6, 0, "IntStorage"}()}}),
      "tensor \"w\": its storage 0 is described in two ways",
      {{"0", float_bytes(std::vector<float>(6, 1.F))}});
}

TEST_F(Pth, DamagedFilesAreRefused) {
  EXPECT_THROW_WITH(load_tensor_file(directory_ / "nowhere.pth"), UsageError, "No such file");
  EXPECT_THROW_WITH(load_tensor_file(directory_.path()), UsageError, "cannot read this file: Is a directory");
  const std::string whole = read_bytes(fixture("weights_uvic_uncond.pth"));
  for (const size_t size : {size_t(1000), whole.size() / 2, whole.size() - 1}) {
    write_bytes(path(), whole.substr(0, size));
    EXPECT_THROW_WITH(
        load_tensor_file(path()), UsageError,
        c10::str("truncated or damaged: a ZIP archive ends in its directory, and at byte ", size));
  }
  write_bytes(path(), std::string(30'000, '\0'));
  EXPECT_THROW_WITH(load_tensor_file(path()), UsageError,
                    "damaged: it begins with zeros alone (30000 bytes)");
  std::string flipped = whole;
  flipped[20100] ^= 1;  // in data/2
  write_bytes(path(), flipped);
  EXPECT_THROW_WITH(load_tensor_file(path()), UsageError, "weights_uvic_uncond/data/2: damaged: CRC error");
  write_pth(path(), "}", {}, "big");
  EXPECT_THROW_WITH(load_tensor_file(path()), UsageError, "not in little-endian order");
  write_zip(path(), {{"notes.txt", "x", 1}});
  EXPECT_THROW_WITH(load_tensor_file(path()), UsageError, "a zip archive without data.pkl");
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
      load_tensor_file(path());
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
  const std::pair<std::string, const char*> others[] = {
      {"nothing like it", "a.pth: a text file, not weights in safetensors or of torch.save"},
      {"", "an empty file, not weights"},
      {"<!DOCTYPE html><html>", "an HTML page, not weights"},
      {"GGUF\x03", "a GGUF file, not weights"},
      {"\x89HDF\r\n\x1a\n", "an HDF5 file, not weights"},
      {"\x1f\x8b\x08", "gzip-compressed, not weights"},
      {"\x80\x04\x95 a pickle of another program", "a Python pickle, not weights"},
      {"{\"a\": 1}\n", "a JSON file, not weights"},
      {"\x01\x02\x03\x04", "nothing known begins like it (4 bytes)"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "this is a Git LFS pointer"}};
  for (const auto& [bytes, text] : others) {
    write_bytes(path(), bytes);
    EXPECT_THROW_WITH(load_tensor_file(path()), UsageError, text);
  }
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
