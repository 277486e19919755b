// Every target over its corpus: each file as it is, cut short, and with some bytes changed.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "fuzz/fuzz.h"
#include "io/read_file.h"
#include "support/paths.h"

using Target = int(const uint8_t* data, size_t size);
#define UVIC_FUZZ_TARGET(corpus, function) extern "C" Target function;
#include "fuzz/targets.inc"
#undef UVIC_FUZZ_TARGET

namespace uvic::fuzz {
namespace {

constexpr int kChanged = 40, kMostBytesChanged = 4;

struct Corpus {
  const char* name;
  Target* target;
};
constexpr Corpus kCorpora[] = {
#define UVIC_FUZZ_TARGET(corpus, function) {#corpus, function},
#include "fuzz/targets.inc"
#undef UVIC_FUZZ_TARGET
};

void PrintTo(const Corpus& corpus, std::ostream* stream) {
  *stream << corpus.name;
}

std::vector<std::filesystem::path> files_of(const Corpus& corpus) {
  const auto folder = std::filesystem::path(UVIC_SOURCE) / "tests/fuzz/corpus" / corpus.name;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

// Powers of two and their complements: most of what is read in one piece is in a header or at the end.
std::vector<size_t> lengths_below(size_t size) {
  std::vector<size_t> lengths = {0};
  for (size_t length = 1; length < size; length *= 2) {
    lengths.push_back(length);
    lengths.push_back(size - length);
  }
  return lengths;
}

class Fuzz : public ::testing::TestWithParam<Corpus> {};

TEST_P(Fuzz, TakesOrRefusesItsCorpus) {
  const auto files = files_of(GetParam());
  ASSERT_FALSE(files.empty());
  for (const auto& file : files) {
    SCOPED_TRACE(file.filename().string());
    // As large as it is in memory, so that a sanitizer sees the byte behind.
    const std::vector<uint8_t> whole = read_file(file).bytes;
    const auto read = [&](std::vector<uint8_t> bytes) {
      bytes.shrink_to_fit();
      EXPECT_NO_THROW(GetParam().target(bytes.data(), bytes.size()));
    };
    read(whole);
    for (const size_t length : lengths_below(whole.size()))
      read({whole.begin(), whole.begin() + long(length)});
    std::mt19937 random(20261126);  // NOLINT(bugprone-random-generator-seed): the same bytes every time
    for (int i = 0; i < kChanged && !whole.empty(); ++i) {
      std::vector<uint8_t> bytes = whole;
      for (int change = random() % kMostBytesChanged; change >= 0; --change)
        bytes[random() % bytes.size()] = uint8_t(random());
      read(std::move(bytes));
    }
  }
}

// What calls itself for each value inside another would leave the stack; as files of the corpus these would
// be large.
TEST(Nesting, WithoutEndIsRefused) {
  const auto repeated = [](const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  };
  constexpr int kDeep = 200'000;
  const auto read = [](Target* target, const std::string& text) {
    EXPECT_NO_THROW(target(reinterpret_cast<const uint8_t*>(text.data()), text.size())) << text.substr(0, 40);
  };
  const std::string lists = repeated("[", kDeep), closed = lists + repeated("]", kDeep);
  const std::string header = R"({"a": {"dtype": )" + closed + R"(, "shape": [], "data_offsets": []}})";
  const uint64_t length = header.size();
  read(fuzz_safetensors, std::string(reinterpret_cast<const char*>(&length), sizeof length) + header);
  read(fuzz_bpe, R"({"a": )" + closed + "}\n----\n");
  read(fuzz_bpe, R"({"a": 0, "b": 1, "ab": 2})"
                 "\n----\na b\n----\n"
                 R"({"bos_token": )" +
                     closed + "}");
  for (const std::string& text : {"data: " + closed, "data: " + lists, "data: " + repeated("{a: ", kDeep),
                                  repeated("- ", kDeep), repeated("? ", kDeep)})
    read(fuzz_config, text);
  read(fuzz_pickle, "\x80\x02" + repeated("(", kDeep) + "N" + repeated("t", kDeep) + ".");
  read(fuzz_pickle, "\x80\x02N" + repeated("\x85", kDeep) + ".");
}

// A few bytes that name each other many times over.
TEST(Aliases, ThatMultiplyAreRefused) {
  constexpr int kLevels = 30;
  std::string lists = "other:\n  a0: &a0 [x]\n", merges = "a0: &a0 {x: 1}\n";
  for (int level = 1; level < kLevels; ++level) {
    const std::string name = "a" + std::to_string(level), inner = "*a" + std::to_string(level - 1);
    const std::string many = "[" + inner + ", " + inner + ", " + inner + ", " + inner + "]";
    lists += "  " + name + ": &" + name + " " + many + "\n";
    merges += name + ": &" + name + " {<<: " + many + "}\n";
  }
  merges += "<<: *a" + std::to_string(kLevels - 1) + "\n";
  for (const std::string& text : {lists, merges})
    EXPECT_NO_THROW(fuzz_config(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

INSTANTIATE_TEST_SUITE_P(Corpora, Fuzz, ::testing::ValuesIn(kCorpora),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace uvic::fuzz
