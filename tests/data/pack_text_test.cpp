#include "data/pack_text.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "data/tokens.h"
#include "io/full_disk.h"
#include "support/process.h"
#include "support/python.h"
#include "support/text_files.h"

namespace uvic {
namespace {

using testing::read_bytes;
using testing::TemporaryDirectory;
using testing::write_bytes;
using Texts = std::vector<std::string>;

/// The texts of a part's documents: each begins with BOS.
Texts documents_of(const TokenFile& tokens, const Tokenizer& tokenizer) {
  Texts texts;
  const auto starts = tokens.documents();
  for (size_t i = 0; i < starts.size(); ++i) {
    const int64_t end = i + 1 < starts.size() ? starts[i + 1] : tokens.size();
    const at::Tensor values = tokens.read(starts[i], end - starts[i]);
    const std::span<const int64_t> numbers(values.const_data_ptr<int64_t>(), size_t(values.numel()));
    if (tokenizer.bos() >= 0) {
      EXPECT_EQ(numbers.front(), tokenizer.bos());
      EXPECT_EQ(std::count(numbers.begin(), numbers.end(), tokenizer.bos()), 1);
    }
    texts.push_back(tokenizer.decode(numbers));
  }
  return texts;
}

/// A folder to pack in.
struct Room {
  TemporaryDirectory directory;
  std::unique_ptr<Tokenizer> tokenizer = open_tokenizer("bytes");
  PackTextOptions options{.held_out = 0};
  PackTextReport report;

  std::string path(const std::string& name) const { return (directory / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((directory / name).parent_path());
    write_bytes(directory / name, text);
  }
  void pack(const std::vector<std::string>& names) {
    std::vector<std::string> inputs;
    for (const std::string& name : names) inputs.push_back(name == "-" ? name : path(name));
    report = pack_text(inputs, path("out.tokens"), *tokenizer, options);
  }
  Texts part(TokenSplit split) const {
    const auto tokens = open_tokens(path("out.tokens"), split);
    if (!tokens) return {};
    tokens->check_undamaged();
    tokens->check_tokens(tokenizer->vocab_size());
    return documents_of(*tokens, *tokenizer);
  }
  Texts train() const { return part(TokenSplit::kTrain); }
  Texts held_out() const { return part(TokenSplit::kHeldOut); }
  void expect_error(const std::vector<std::string>& names, const std::string& message) {
    std::filesystem::remove(path("out.tokens"));
    EXPECT_THROW_WITH(pack(names), UsageError, message);
    for (const auto& entry : std::filesystem::directory_iterator(directory.path()))
      EXPECT_FALSE(entry.path().filename().string().starts_with("out")) << entry.path();
  }
};

TEST(PackText, AFileIsADocument) {
  Room room;
  room.write("a.txt", "First text.\nOf two lines.\n");
  room.write("b.txt", "\xFF any bytes \x80");
  room.pack({"b.txt", "a.txt", "b.txt"});
  EXPECT_EQ(room.train(),
            (Texts{"\xFF any bytes \x80", "First text.\nOf two lines.\n", "\xFF any bytes \x80"}));
  EXPECT_EQ(room.held_out(), Texts{});
  EXPECT_EQ(room.report.train.documents, 3);
  EXPECT_EQ(room.report.train.bytes, 52);
  EXPECT_EQ(room.report.train.tokens, 55);
  EXPECT_EQ(room.report.files, 3);
}

TEST(PackText, WhatThePackSaysOfItself) {
  Room room;
  room.write("a.txt", "text");
  room.pack({"a.txt"});
  const auto tokens = open_tokens(room.path("out.tokens"), TokenSplit::kTrain);
  EXPECT_EQ(tokens->info().tokenizer, "bytes");
  EXPECT_EQ(tokens->info().tokenizer_hash, room.tokenizer->fingerprint());
  EXPECT_EQ(tokens->info().vocab_size, 259);
  EXPECT_EQ(tokens->info().bos, 1);
  EXPECT_EQ(tokens->info().text_bytes, 4);
}

TEST(PackText, LinesAndParagraphs) {
  Room room;
  room.write("a.txt", "one\n  two \r\n\n \t\nthree\nfour");
  room.options.documents = DocumentRule::kLines;
  room.pack({"a.txt"});
  EXPECT_EQ(room.train(), (Texts{"one", "  two ", "three", "four"}));
  room.options.documents = DocumentRule::kBlankLines;
  room.pack({"a.txt"});
  EXPECT_EQ(room.train(), (Texts{"one\n  two ", "three\nfour"}));
  EXPECT_EQ(room.report.train.bytes, 10 + 10);
  room.write("crlf.txt", "\r\n\r\none\r\ntwo\r\n\r\nthree\r\n");
  room.pack({"crlf.txt", "a.txt"});
  EXPECT_EQ(room.train(), (Texts{"one\r\ntwo", "three", "one\n  two ", "three\nfour"}));
}

TEST(PackText, JsonLines) {
  Room room;
  room.write("a.jsonl", R"({"text": "caf\u00e9\n", "id": 1})"
                        "\n\n"
                        R"({"id": 2, "text": "two"})"
                        "\r\n"
                        R"({"text": ""})");
  room.write("b.ndjson", R"({"text": "three"})");
  room.pack({"a.jsonl", "b.ndjson"});
  EXPECT_EQ(room.train(), (Texts{"caf\u00E9\n", "two", "three"}));
  room.write("odd.txt", R"({"content": "four"})"
                        "\n");
  room.options.json_lines = true;
  room.options.text_key = "content";
  room.pack({"odd.txt"});
  EXPECT_EQ(room.train(), (Texts{"four"}));
}

TEST(PackText, JsonLinesThatAreWrong) {
  Room room;
  room.write("a.jsonl", "{\"text\": \"fine\"}\n\n{\"text\": ]}\n");
  room.expect_error({"a.jsonl"}, "a.jsonl: not valid JSON, line 3, column 10: ");
  room.write("a.jsonl", "{\"text\": \"fine\"}\n{\"body\": \"x\", \"id\": 3}\n");
  room.expect_error({"a.jsonl"}, "a.jsonl, line 2: has no key \"text\", only body, id (--text-key");
  room.write("a.jsonl", "{\"text\": 3}\n");
  room.expect_error({"a.jsonl"}, "a.jsonl, line 1: \"text\" is the number 3, not a text");
  room.write("a.jsonl", "[1]\n");
  room.expect_error({"a.jsonl"}, "line 1: must be a JSON object with the text under \"text\", is a list");
  room.write("a.jsonl", "{\"text\": \"ok\"}\n{\"text\": \"caf\xE9\"}\n");
  room.expect_error({"a.jsonl"}, "a.jsonl: not UTF-8: byte 0xE9 at offset 28, line 2");
}

TEST(PackText, FoldersInNaturalOrder) {
  Room room;
  room.write("in/part10.txt", "ten");
  room.write("in/part2.txt", "two");
  room.write("in/sub/code.cpp", "int main() {}");
  room.write("in/sub/data.jsonl", "{\"text\": \"json\"}\n");
  room.write("in/.hidden/x.txt", "hidden");
  room.write("in/__MACOSX/x.txt", "hidden");
  room.write("in/image.png", std::string("\x89PNG\r\n\x1a\n\0\0", 10));
  room.write("in/latin.c", "caf\xE9");
  room.write("in/empty.txt", "");
  std::filesystem::create_directory_symlink(room.directory / "in", room.directory / "in/sub/loop");
  room.pack({"in"});
  EXPECT_EQ(room.train(), (Texts{"two", "ten", "int main() {}", "json"}));
  EXPECT_EQ(room.report.others, (std::map<std::string, int64_t>{{"c", 1}, {"png", 1}}));
  room.write("none/a.png", std::string("\x89PNG\r\n\x1a\n\0\0", 10));
  room.expect_error({"none"}, "none: no text here or below");
}

TEST(PackText, StandardInput) {
  Room room;
  room.write("input.txt", "from a pipe\n");
  const int saved = dup(STDIN_FILENO), file = open(room.path("input.txt").c_str(), O_RDONLY);
  dup2(file, STDIN_FILENO);
  room.pack({"-"});
  dup2(saved, STDIN_FILENO);
  close(file);
  close(saved);
  EXPECT_EQ(room.train(), (Texts{"from a pipe\n"}));
}

TEST(PackText, ByteOrderMarksAreLeftOut) {
  Room room;
  room.write("a.txt", "\xEF\xBB\xBFtext \xEF\xBB\xBF");
  room.write("b.txt", "\xEF\xBB\xBF");
  room.pack({"a.txt", "b.txt"});
  EXPECT_EQ(room.train(), (Texts{"text \xEF\xBB\xBF"}));
}

TEST(PackText, EveryTenthDocumentIsHeldOut) {
  Room room;
  room.options = {.documents = DocumentRule::kLines, .held_out = 0.1};
  std::string text;
  for (int i = 0; i < 95; ++i) text += "line " + std::to_string(i) + "\n";
  room.write("a.txt", text);
  room.pack({"a.txt"});
  const Texts train = room.train(), held_out = room.held_out();
  EXPECT_EQ(train.size(), 86u);
  EXPECT_EQ(held_out, (Texts{"line 9", "line 19", "line 29", "line 39", "line 49", "line 59", "line 69",
                             "line 79", "line 89"}));
  for (const std::string& line : held_out) EXPECT_EQ(std::count(train.begin(), train.end(), line), 0);
  EXPECT_FALSE(room.report.held_out_is_end);
  EXPECT_EQ(room.report.train.documents + room.report.held_out.documents, 95);
  const std::string once = read_bytes(room.path("out.tokens"));
  room.pack({"a.txt"});
  EXPECT_EQ(read_bytes(room.path("out.tokens")), once);
}

TEST(PackText, HoldsOutTheShareThatIsAsked) {
  for (const double share : {0.01, 0.05, 0.3, 0.5, 0.9}) {
    Room room;
    room.options = {.documents = DocumentRule::kLines, .held_out = share};
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "line " + std::to_string(i) + "\n";
    room.write("a.txt", text);
    room.pack({"a.txt"});
    EXPECT_EQ(room.report.held_out.documents, std::llround(1000 * share)) << share;
  }
}

TEST(PackText, OfOneDocumentTheEndIsHeldOutFromALine) {
  Room room;
  room.options.held_out = 0.1;
  std::string text;
  for (int i = 0; i < 100; ++i) text += "This is line number " + std::to_string(i) + " of some.\n";
  room.write("a.txt", text);
  room.pack({"a.txt"});
  ASSERT_EQ(room.train().size(), 1u);
  ASSERT_EQ(room.held_out().size(), 1u);
  EXPECT_EQ(room.train()[0] + room.held_out()[0], text);
  EXPECT_TRUE(room.train()[0].ends_with("line number 89 of some.\n")) << room.held_out()[0];
  EXPECT_TRUE(room.report.held_out_is_end);
  EXPECT_EQ(room.report.train.bytes + room.report.held_out.bytes, int64_t(text.size()));
}

TEST(PackText, OfFewDocumentsTheEndIsHeldOutAcrossThem) {
  Room room;
  room.options.held_out = 0.5;
  room.options.documents = DocumentRule::kBlankLines;
  room.write("a.txt", "one");
  room.pack({"a.txt"});  // no line's end, so a character's
  EXPECT_EQ(room.train(), (Texts{"o"}));
  EXPECT_EQ(room.held_out(), (Texts{"ne"}));
  room.options.held_out = 0.3;
  room.write("a.txt", "first paragraph\n\nsecond one, which is long\nof two lines\n\nlast");
  room.pack({"a.txt"});
  EXPECT_EQ(room.train(), (Texts{"first paragraph", "second one, which is long\n"}));
  EXPECT_EQ(room.held_out(), (Texts{"of two lines", "last"}));
  room.options.held_out = 0.1;
  room.write("a.txt", "\u20AC\u20AC\u20AC");
  room.pack({"a.txt"});
  EXPECT_EQ(room.train(), (Texts{"\u20AC\u20AC"}));
  EXPECT_EQ(room.held_out(), (Texts{"\u20AC"}));
  room.write("a.txt", "x");
  room.expect_error({"a.txt"}, "too little text to hold 0.1 of it out: 1 bytes");
}

TEST(PackText, LongDocumentsAreTheSameAsInOnePiece) {
  Room room;
  testing::write_bpe(room.directory / "gpt2");
  std::mt19937 random(8);
  std::string text;
  while (text.size() < 3'000'000) text += testing::random_text(random, 50) + "the and it's";
  room.write("a.txt", text);
  for (const std::string& spec : {room.path("gpt2"), std::string("bytes")}) {
    room.tokenizer = open_tokenizer(spec);
    room.pack({"a.txt"});
    const auto tokens = open_tokens(room.path("out.tokens"), TokenSplit::kTrain);
    std::vector<int64_t> expected = room.tokenizer->encode(text);
    expected.insert(expected.begin(), room.tokenizer->bos());
    ASSERT_EQ(tokens->size(), int64_t(expected.size()));
    EXPECT_TRUE(at::equal(tokens->read(0, tokens->size()), at::tensor(expected)));
  }
}

TEST(PackText, TextWithoutAPlaceToPartIt) {
  Room room;
  testing::write_bpe(room.directory / "gpt2");
  room.tokenizer = open_tokenizer(room.path("gpt2"));
  room.write("a.txt", std::string(1'500'000, 'a'));
  room.pack({"a.txt"});
  EXPECT_EQ(room.train(), (Texts{std::string(1'500'000, 'a')}));
}

TEST(PackText, TokensAreAsWideAsTheVocabularyAsks) {
  Room room;
  room.write("a.txt", "abc");
  const auto width = [&](const std::string& spec) {
    room.tokenizer = open_tokenizer(spec);
    room.pack({"a.txt"});
    return testing::python(R"(
import json, struct, sys
data = open(sys.argv[1], 'rb').read()
length, = struct.unpack('<Q', data[:8])
header = json.loads(data[8:8 + length])
tokens = header['tokens']
start, end = tokens['data_offsets']
code = {'U8': 'B', 'U16': 'H', 'U32': 'I'}[tokens['dtype']]
values = struct.unpack('<%d%s' % (tokens['shape'][0], code), data[8 + length + start:8 + length + end])
print(tokens['dtype'], header['tokens.documents']['dtype'], *values)
)",
                           {room.path("out.tokens")});
  };
  EXPECT_EQ(width("bytes"), "U16 I64 1 100 101 102\n");
  testing::write_bpe(room.directory / "gpt2");
  std::string json = read_bytes(room.directory / "gpt2/vocab.json");
  json.replace(json.rfind(": "), std::string::npos, ": 70000}");
  write_bytes(room.directory / "gpt2/vocab.json", json);
  EXPECT_EQ(width(room.path("gpt2")), "U32 I64 70000 64 65 66\n");
}

TEST(PackText, DamageIsFound) {
  Room room;
  room.options.held_out = 0.2;
  room.write("a.txt", "Some text\nof some\nlines that\nare not\nlong\n");
  room.pack({"a.txt"});
  const std::string bytes = read_bytes(room.path("out.tokens"));
  uint64_t header = 0;
  std::memcpy(&header, bytes.data(), sizeof header);
  for (size_t at = 8 + header; at < bytes.size(); ++at) {
    SCOPED_TRACE(at);
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    write_bytes(room.path("out.tokens"), flipped);
    const auto check = [&] {
      for (const TokenSplit split : {TokenSplit::kTrain, TokenSplit::kHeldOut})
        open_tokens(room.path("out.tokens"), split)->check_undamaged();
    };
    EXPECT_THROW_WITH(check(), UsageError, "damaged");
  }
}

TEST(PackText, InputsThatAreNoText) {
  Room room;
  testing::write_bpe(room.directory / "gpt2");
  room.write("a.txt.gz", std::string("\x1f\x8b\x08\0\0\0\0\0\0\3", 10));
  room.expect_error({"a.txt.gz"},
                    "a.txt.gz: gzip-compressed; unpack it first, or into the standard input (-)");
  room.write("a.pdf", std::string("%PDF-1.4\n\x01\xFF", 11));
  room.expect_error({"a.pdf"}, "a.pdf: a PDF, not text");
  room.write("lfs.txt", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 100\n");
  room.expect_error({"lfs.txt"}, "Git LFS pointer");
  room.expect_error({"absent.txt"}, "absent.txt: no such file or folder");
  room.write("empty.txt", "");
  room.expect_error({"empty.txt"}, "there is no text in what is to be packed");
  room.tokenizer = open_tokenizer(room.path("gpt2"));
  room.write("utf16.txt", std::string("\xFF\xFEh\0i\0", 6));
  room.expect_error({"utf16.txt"}, "utf16.txt: is UTF-16 text; save it as UTF-8");
  room.write("latin.txt", "one\ntwo\ncaf\xE9\n");
  room.expect_error({"latin.txt"}, "latin.txt: not UTF-8: byte 0xE9 at offset 11, line 3");
  room.write("in/latin.txt", "caf\xE9");
  room.expect_error({"in"}, "in/latin.txt: not UTF-8: byte 0xE9 at offset 3, line 1");
  std::string far;
  for (int i = 0; i < 100'000; ++i) far += "this is a line \u20AC\n";
  room.write("far.txt", far + "\xC3");
  room.expect_error({"far.txt"}, "byte 0xC3 at offset 1900000, line 100001");
}

TEST(PackText, OutputsThatCannotBe) {
  Room room;
  room.write("a.txt", "text");
  const auto pack_to = [&](const std::string& out) {
    return pack_text({room.path("a.txt")}, out, *room.tokenizer, room.options);
  };
  EXPECT_THROW_WITH(pack_to(room.path("a.txt")), UsageError, "a.txt: is itself one of the inputs");
  EXPECT_THROW_WITH(pack_to(room.path("none/out.tokens")), UsageError, "there is no folder");
  EXPECT_THROW_WITH(pack_to(room.directory.path().string()), UsageError, "is a folder");
  EXPECT_EQ(read_bytes(room.path("a.txt")), "text");
  room.options.held_out = 1;
  EXPECT_THROW_WITH(pack_to(room.path("out.tokens")), UsageError, "held-out share 1: must be from 0 to 0.9");
}

TEST(PackText, AFullDiskKeepsTheOldPack) {
  Room room;
  room.write("a.txt", "text");
  room.pack({"a.txt"});
  room.write("a.txt", std::string(100'000, 'x'));
  {
    const testing::FullDisk disk(8192);
    EXPECT_THROW_WITH(room.pack({"a.txt"}), std::runtime_error, "out.tokens: File too large");
  }
  EXPECT_EQ(room.train(), (Texts{"text"}));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(room.directory.path()), {}), 2);
}

TEST(PackText, TellsHowFarItIs) {
  Room room;
  room.write("a.txt", std::string(3'000'000, 'x'));
  std::vector<int64_t> told;
  pack_text({room.path("a.txt")}, room.path("out.tokens"), *room.tokenizer, room.options,
            [&](int64_t done, int64_t total) {
              EXPECT_EQ(total, 3'000'000);
              told.push_back(done);
            });
  EXPECT_GE(told.size(), 3u);
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  EXPECT_EQ(told.back(), 3'000'000);
}

}  // namespace
}  // namespace uvic
