#include <gtest/gtest.h>

#include "data/loader.h"
#include "data/open.h"
#include "data/pack/dataset.h"
#include "data/pack/file.h"
#include "data/pack/write.h"
#include "support/made_set.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::MadeSet;
using testing::read_bytes;
using testing::TemporaryDirectory;
using testing::write_bytes;

/// A folder to pack in.
struct PackRoom {
  TemporaryDirectory directory;
  PackOptions options{.source = "made up"};
  OnError on_error = OnError::kFail;

  fs::path out() const { return directory / "set.pack"; }
  PackReport pack(const Dataset& set, const std::function<bool()>& stop = {}) const {
    BadFiles bad(on_error, "--on-error skip", directory / "bad.txt");
    return pack_images(set, out(), options, bad, {}, stop);
  }
  std::shared_ptr<const Dataset> opened(const Dataset& set) const {
    pack(set);
    return open_pack(out());
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory.path()))
      names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
  void use_tokens(int64_t length) {
    options.tokenizer = std::make_shared<CaptionTokenizer>(open_tokenizer("bytes"), length);
  }
  /// Latents of a quarter of the size: the mean a quarter's corner pixel of two channels, the standard
  /// deviation 0.5 of it.
  void use_encoder(int64_t batch = 4) {
    const LatentSpace space{.encoder_sha256 = "abc", .channels = 2, .downscale = 2, .scaling_factor = 0.25};
    options.encoder = {
        space,
        [](const at::Tensor& images) {
          using at::indexing::Slice;
          const at::Tensor mean = images.index({Slice(), Slice(0, 2), Slice(0, {}, 2), Slice(0, {}, 2)});
          return std::pair(mean, mean.abs() * 0.5);
        },
        batch};
  }
  void use_states() {
    options.text_encoder = {
        "an encoder", "abcdef", 5, 3, at::kHalf, [](const std::vector<std::string>& texts) {
          at::Tensor states = at::zeros({int64_t(texts.size()), 5, 3});
          for (size_t i = 0; i < texts.size(); ++i)
            states[int64_t(i)].narrow(0, 0, 2).fill_(double(texts[i].size()));
          return states;
        }};
  }
};

TEST(Pack, HoldsWhatWasPacked) {
  PackRoom room;
  room.use_tokens(12);
  const MadeSet set(150);
  const auto pack = room.opened(set);
  ASSERT_EQ(pack->size(), 150);
  EXPECT_EQ(pack->image_shape(), (ImageShape{3, 4, 6}));
  EXPECT_EQ(pack->num_classes(), 3);
  EXPECT_EQ(pack->class_names(), set.class_names());
  EXPECT_FALSE(pack->latents().has_value());
  const Captions& captions = *pack->captions();
  EXPECT_EQ(captions.tokenizer(), room.options.tokenizer->fingerprint());
  EXPECT_FALSE(captions.states(0, 0).defined());
  for (int64_t i = 0; i < set.size(); ++i) {
    EXPECT_TRUE(at::equal(pack->image(i), set.image(i)));
    EXPECT_EQ(pack->label(i), set.label(i));
    EXPECT_EQ(pack->name(i), set.name(i));
    ASSERT_EQ(captions.count(i), set.count(i));
    for (int64_t j = 0; j < captions.count(i); ++j) {
      EXPECT_EQ(captions.text(i, j), set.text(i, j));
      EXPECT_EQ(captions.ids(i, j), room.options.tokenizer->row(set.text(i, j)));
    }
  }
  EXPECT_ANY_THROW(pack->image(150));
  EXPECT_ANY_THROW(captions.text(1, 1));
  EXPECT_EQ(pack->describe(), "150 images 3x4x6, 3 classes (cat, dog, caf\u00E9), captions (" +
                                  room.options.tokenizer->describe() + "), pack " + room.out().string());
}

TEST(Pack, WithoutCaptions) {
  PackRoom room;
  MadeSet set(3);
  set.captioned = false;
  EXPECT_EQ(room.opened(set)->captions(), nullptr);
  room.options.captions = false;
  set.captioned = true;
  EXPECT_TRUE(room.pack(set).was_whole);
}

TEST(Pack, IdentityIsThatOfTheContents) {
  PackRoom one, two;
  const MadeSet set(20);
  const DataIdentity identity = one.opened(set)->identity();
  EXPECT_EQ(identity, two.opened(set)->identity());
  EXPECT_EQ(identity.images, 20);
  EXPECT_EQ(identity.class_counts, (std::vector<int64_t>{7, 7, 6}));
  PackRoom other;
  other.options.captions = false;
  EXPECT_NE(identity.sha256, other.opened(set)->identity().sha256);
}

TEST(Pack, LatentsAreKeptAsMeanAndDeviation) {
  for (const at::ScalarType dtype : {at::kHalf, at::kFloat}) {
    PackRoom room;
    room.use_encoder();
    room.options.latents_dtype = dtype;
    room.options.mirrored = true;
    const MadeSet set(11);
    const auto pack = room.opened(set);
    EXPECT_EQ(pack->image_shape(), (ImageShape{2, 2, 3}));
    EXPECT_EQ(pack->latents(), room.options.encoder->space);
    EXPECT_TRUE(pack->keeps_mirrored());
    for (int64_t i = 0; i < 11; ++i) {
      for (const bool mirrored : {false, true}) {
        at::Tensor image = set.image(i).to(at::kFloat).div(127.5).sub(1).unsqueeze(0);
        if (mirrored) image = image.flip(3);
        const auto [mean, std] = room.options.encoder->encode(image);
        const at::Tensor moments = pack->moments(i, mirrored), expected = at::cat({mean, std});
        EXPECT_EQ(moments.scalar_type(), at::kFloat);
        EXPECT_TRUE(at::equal(moments, expected.to(dtype).to(at::kFloat)));
      }
    }
    EXPECT_ANY_THROW(pack->image(0));
    EXPECT_NE(pack->describe().find(dtype == at::kHalf ? "as latents 2x2x3 in fp16, mirrored" : "in fp32"),
              std::string::npos)
        << pack->describe();
  }
}

TEST(Pack, LatentsOfLatents) {
  PackRoom first, second;
  first.use_encoder();
  first.options.mirrored = second.options.mirrored = true;
  const auto pack = first.opened(MadeSet(9)), again = second.opened(*pack);
  EXPECT_EQ(again->latents(), pack->latents());
  EXPECT_TRUE(at::equal(again->moments(7, true), pack->moments(7, true)));
  EXPECT_EQ(again->name(7), "a/7.png");
}

TEST(Pack, NumbersThatDoNotFit) {
  PackRoom room;
  room.use_encoder();
  room.options.encoder->encode = [](const at::Tensor& images) {
    const at::Tensor large = at::full({images.size(0), 2, 2, 3}, 1e5);
    return std::pair(large, large);
  };
  EXPECT_THROW_WITH(room.pack(MadeSet(3)), UsageError, "a/0.png: has numbers beyond fp16; fp32 holds more");
  EXPECT_TRUE(room.files().empty());
  room.options.latents_dtype = at::kFloat;
  EXPECT_EQ(room.pack(MadeSet(3)).images, 3);
}

TEST(Pack, StatesOfATextEncoder) {
  PackRoom room;
  room.use_states();
  const MadeSet set(100);
  const auto pack = room.opened(set);
  const Captions& captions = *pack->captions();
  for (int64_t i : {0, 50, 99}) {
    for (int64_t j = 0; j < captions.count(i); ++j) {
      const at::Tensor expected = room.options.text_encoder->encode({set.text(i, j)})[0];
      EXPECT_TRUE(at::equal(captions.states(i, j), expected));
      EXPECT_EQ(captions.text(i, j), set.text(i, j));
      EXPECT_TRUE(captions.ids(i, j).empty());
    }
  }
  EXPECT_TRUE(at::equal(captions.null_states(), at::zeros({5, 3})));
  EXPECT_EQ(captions.states_encoder(), "abcdef");
}

/// More tokens than 16 bits hold: three bytes a token.
class WideTokenizer : public Tokenizer {
 public:
  std::string name() const override { return "wide"; }
  int64_t vocab_size() const override { return 1 << 24; }
  int64_t bos() const override { return -1; }
  int64_t eos() const override { return vocab_size() - 1; }
  bool needs_utf8() const override { return true; }
  std::string fingerprint() const override { return "wide"; }
  size_t cut(std::string_view) const override { return 0; }
  std::string piece(int64_t) const override { return {}; }

 private:
  std::vector<int64_t> tokens_of(std::string_view text, bool) const override {
    std::vector<int64_t> tokens;
    for (size_t i = 0; i + 2 < text.size(); i += 3)
      tokens.push_back(int64_t(uint8_t(text[i])) << 16 | uint8_t(text[i + 1]) << 8 | uint8_t(text[i + 2]));
    return tokens;
  }
};

// Rows of an odd length beside states of an odd size: nothing is aligned.
TEST(Pack, IdsOfAnyVocabularyComeBack) {
  const MadeSet set(30);
  for (const bool wide : {false, true}) {
    PackRoom room;
    room.use_tokens(7);
    room.use_states();
    if (wide)
      room.options.tokenizer = std::make_shared<CaptionTokenizer>(std::make_shared<WideTokenizer>(), 7);
    const auto pack = room.opened(set);
    const Captions& captions = *pack->captions();
    for (int64_t i = 0; i < set.size(); ++i) {
      for (int64_t j = 0; j < captions.count(i); ++j) {
        EXPECT_EQ(captions.ids(i, j), room.options.tokenizer->row(set.text(i, j)));
        EXPECT_EQ(captions.states(i, j)[0][0].item<double>(), double(set.text(i, j).size()));
      }
    }
    EXPECT_EQ(PackFile(room.out()).contents().ids_bytes(), wide ? 28 : 14);
  }
}

TEST(Pack, BytesDependNeitherOnThreadsNorOnInterruptions) {
  const MadeSet set(1000);
  PackRoom whole;
  whole.use_tokens(20);
  whole.pack(set);
  const std::string bytes = read_bytes(whole.out());
  for (const int64_t workers : {1, 3}) {
    PackRoom room;
    room.use_tokens(20);
    room.options.workers = workers;
    int64_t polls = 0, rounds = 0;
    PackReport report;
    do {
      report = room.pack(set, [&] { return ++polls % 4 == 0; });
      ++rounds;
      EXPECT_EQ(report.stopped, !fs::exists(room.out()));
    } while (report.stopped);
    EXPECT_GT(rounds, 3);
    EXPECT_GT(report.found, 500);
    EXPECT_EQ(report.images, 1000);
    EXPECT_EQ(read_bytes(room.out()), bytes);
    EXPECT_EQ(room.files(), std::vector<std::string>{"set.pack"});
  }
}

TEST(Pack, GoesOnWhereAnotherOneWasTorn) {
  const MadeSet set(300);
  PackRoom whole, torn;
  whole.use_encoder(7);
  whole.pack(set);
  torn.use_encoder(7);
  int64_t polls = 0;
  torn.pack(set, [&] { return ++polls == 20; });
  const fs::path part = torn.out().string() + ".part";
  const std::string begun = read_bytes(part);
  write_bytes(part, begun.substr(0, begun.size() - 100));
  const PackReport report = torn.pack(set);
  EXPECT_EQ(report.found, 18 * 7);
  EXPECT_EQ(read_bytes(torn.out()), read_bytes(whole.out()));
}

TEST(Pack, OneBegunAsAnotherIsLeftAlone) {
  const MadeSet set(300);
  PackRoom room;
  int64_t polls = 0;
  EXPECT_TRUE(room.pack(set, [&] { return ++polls == 3; }).stopped);
  const std::string begun = read_bytes(room.out().string() + ".part");
  room.use_tokens(8);
  EXPECT_THROW_WITH(room.pack(set), UsageError,
                    "set.pack.part: was begun as another pack: tokenizer is \"\" there, ");
  EXPECT_EQ(read_bytes(room.out().string() + ".part"), begun);
  room.options.tokenizer = nullptr;
  EXPECT_EQ(room.pack(set).found, 128);
}

TEST(Pack, OneThatIsThere) {
  const MadeSet set(10);
  PackRoom room;
  room.pack(set);
  const std::string bytes = read_bytes(room.out());
  const PackReport report = room.pack(set);
  EXPECT_TRUE(report.was_whole);
  EXPECT_EQ(report.images, 10);
  EXPECT_EQ(report.captions, 14);
  EXPECT_THROW_WITH(
      room.pack(MadeSet(10, {1, 8, 8})), UsageError,
      "set.pack: is there already, another pack: shape is [3,4,6] there, [1,8,8] here; source_sha");
  EXPECT_EQ(read_bytes(room.out()), bytes);
  write_bytes(room.out(), "precious text\n");
  EXPECT_THROW_WITH(room.pack(set), UsageError, "set.pack: ");
  EXPECT_EQ(read_bytes(room.out()), "precious text\n");
}

TEST(Pack, ImagesThatCannotBeDecoded) {
  PackRoom room;
  MadeSet set(200);
  set.damaged = {0, 1, 70, 199};
  EXPECT_THROW_WITH(room.pack(set), UsageError, "a/0.png: cannot be decoded. --on-error skip would leave");
  EXPECT_TRUE(room.files().empty());
  room.on_error = OnError::kSkip;
  const PackReport report = room.pack(set);
  EXPECT_EQ(report.images, 196);
  EXPECT_EQ(report.left_out, 4);
  const auto pack = open_pack(room.out());
  EXPECT_EQ(pack->name(0), "a/2.png");
  EXPECT_EQ(pack->label(68), set.label(71));
  EXPECT_TRUE(at::equal(pack->image(68), set.image(71)));
}

TEST(Pack, CaptionsThatAreMissingOrNoText) {
  PackRoom room;
  MadeSet set(5);
  set.uncaptioned = {3};
  EXPECT_THROW_WITH(room.pack(set), UsageError, "a/3.png: has no caption");
  set.captioned = false;
  room.use_tokens(8);
  EXPECT_THROW_WITH(room.pack(set), UsageError, "the images have no captions to make into tokens");
  class Latin1 : public MadeSet {
   public:
    Latin1() : MadeSet(5) {}
    std::string text(int64_t, int64_t) const override { return "caf\xE9"; }
  };
  EXPECT_THROW_WITH(room.pack(Latin1()), UsageError,
                    "the caption of a/0.png: is not UTF-8: byte 0xE9 at offset 3");
  EXPECT_TRUE(room.files().empty());
}

TEST(Pack, WhatCannotBeEncoded) {
  PackRoom room;
  room.use_encoder();
  EXPECT_THROW_WITH(room.pack(MadeSet(2, {3, 5, 6})), UsageError, "images of 5x6 cannot be encoded");
  room.options.encoder.reset();
  room.options.mirrored = true;
  EXPECT_THROW_WITH(room.pack(MadeSet(2)), UsageError, "only latents of mirrored images need to be kept");
}

// Every byte of a pack is under a checksum: what opens after one was changed names the record when it is
// read.
TEST(Pack, AnyFlippedBitIsFound) {
  PackRoom room;
  room.use_tokens(4);
  room.pack(MadeSet(3, {1, 2, 3}));
  const std::string bytes = read_bytes(room.out());
  const PackFile whole(room.out());
  const size_t records = whole.entry(0).begin, second = whole.entry(1).begin, third = whole.entry(2).begin;
  for (size_t at = 0; at < bytes.size(); at += at >= sizeof(PackHead) && at + 8 < records ? 7 : 1) {
    SCOPED_TRACE(at);
    std::string flipped = bytes;
    flipped[at] = char(flipped[at] ^ (1 << at % 8));
    write_bytes(room.directory / "flipped.pack", flipped);
    std::string message;
    try {
      const PackFile file(room.directory / "flipped.pack");
      for (int64_t i = 0; i < 3; ++i) {
        file.image(i);
        file.captions(i);
      }
    } catch (const UsageError& error) {
      message = error.what();
    }
    ASSERT_NE(message, "");
    EXPECT_TRUE(message.starts_with((room.directory / "flipped.pack").string())) << message;
    const int record = at < records ? -1 : at < second ? 0 : at < third ? 1 : -1;
    if (record >= 0) {
      EXPECT_NE(message.find(c10::str("image ", record, " ('a/", record, ".png')")), std::string::npos)
          << message;
    }
  }
}

TEST(Pack, CutShortAnywhere) {
  PackRoom room;
  room.pack(MadeSet(3, {1, 2, 3}));
  const std::string bytes = read_bytes(room.out());
  const fs::path cut = room.directory / "cut.pack";
  for (size_t size = 0; size < bytes.size(); size += size < 80 ? 1 : 17) {
    SCOPED_TRACE(size);
    write_bytes(cut, bytes.substr(0, size));
    EXPECT_THROW_WITH(PackFile{cut}, UsageError,
                      size == 0 ? "cut.pack: is empty" : "cut.pack: the pack is cut");
  }
  write_bytes(cut, bytes + "x");
  EXPECT_THROW_WITH(PackFile{cut}, UsageError, "cut.pack: has 1 bytes behind the pack");
}

TEST(Pack, OtherFiles) {
  PackRoom room;
  room.pack(MadeSet(3));
  std::string bytes = read_bytes(room.out());
  bytes[8] = 1;
  const fs::path file = room.directory / "x.pack";
  write_bytes(file, bytes);
  EXPECT_THROW_WITH(PackFile{file}, UsageError, "x.pack: is a pack of format 1; this program reads format 2");
  write_bytes(file, "\x89PNG\r\n\x1a\n" + std::string(100, 'x'));
  EXPECT_THROW_WITH(PackFile{file}, UsageError, "PNG");
  write_bytes(file, "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 100\n");
  EXPECT_THROW_WITH(PackFile{file}, UsageError, "Git LFS pointer");
  EXPECT_THROW_WITH(PackFile{room.directory / "absent"}, UsageError, "absent: cannot read this file");
  EXPECT_THROW_WITH(PackFile{room.directory.path()}, UsageError, "cannot read this file");
}

TEST(PackData, TrainsFromTheFile) {
  PackRoom room;
  const MadeSet set(40);
  room.pack(set);
  DataOptions options{.kind = "pack", .path = room.out().string(), .val_fraction = 0.25};
  options.resolve();
  EXPECT_EQ(options.random_flip.name(), "auto");
  const DataSets data = open_data(options, {3, 4, 6});
  EXPECT_EQ(data.train->size(), 30);
  EXPECT_EQ(data.validation->size(), 10);
  EXPECT_EQ(data.validation->captions()->count(0), data.validation->label(0) == 0 ? 2 : 1);
  EXPECT_TRUE(mirrors(options, *data.train));
  {  // it reads ahead from the mapping, and the file is written again below
    DataLoader loader(data.train, options, 1, whole_batches(8), 0, 4);
    EXPECT_EQ(loader.next().images.sizes(), at::IntArrayRef({8, 3, 4, 6}));
  }
  std::string bytes = read_bytes(room.out());
  bytes[PackFile(room.out()).entry(17).begin + 20] ^= 1;
  write_bytes(room.out(), bytes);
  options.val_fraction = 0;
  const auto damaged = open_data(options, {3, 4, 6}).train;
  EXPECT_THROW_WITH(damaged->image(17), UsageError,
                    "set.pack: image 17 ('a/17.png') is damaged: the checksum");
  EXPECT_TRUE(at::equal(damaged->image(18), set.image(18)));
}

TEST(PackData, HeldOutClassesHaveTheNumbersOfTraining) {
  PackRoom training, held_out;
  class Fewer : public MadeSet {
   public:
    Fewer() : MadeSet(6) {}
    int64_t num_classes() const override { return 2; }
    std::vector<std::string> class_names() const override { return {"caf\u00E9", last}; }
    int64_t label(int64_t index) const override { return index % 2; }
    std::string last = "cat";
  };
  training.pack(MadeSet(9));
  Fewer fewer;
  held_out.pack(fewer);
  const DataOptions options{
      .kind = "pack", .path = training.out().string(), .val_path = held_out.out().string()};
  const auto validation = open_data(options, {3, 4, 6}).validation;
  EXPECT_EQ(validation->label(0), 2);
  EXPECT_EQ(validation->label(1), 0);
  EXPECT_EQ(validation->num_classes(), 3);
  fewer.last = "bird";
  fs::remove(held_out.out());
  held_out.pack(fewer);
  EXPECT_THROW_WITH(open_data(options, {3, 4, 6}), UsageError, "have no class bird");
  fs::remove(held_out.out());
  held_out.use_encoder();
  held_out.pack(MadeSet(3));
  EXPECT_THROW_WITH(open_data(options, {3, 4, 6}), UsageError, "holds latents, the training data are images");
}

TEST(PackData, LatentsAreMirroredOnlyIfTheirMirroredOnesAreKept) {
  for (const bool mirrored : {false, true}) {
    PackRoom room;
    room.use_encoder();
    room.options.mirrored = mirrored;
    room.pack(MadeSet(8));
    DataOptions options{.kind = "pack", .path = room.out().string()};
    EXPECT_EQ(mirrors(options, *open_data(options, {2, 2, 3}).train), mirrored);
    options.random_flip = "true";
    if (mirrored) {
      EXPECT_TRUE(mirrors(options, *open_data(options, {2, 2, 3}).train));
    } else {
      EXPECT_THROW_WITH(open_data(options, {2, 2, 3}), UsageError,
                        "data.random_flip is true, but no latents of mirrored images are kept");
    }
  }
}

TEST(PackData, MirrorsByDefaultWhatMayBe) {
  PackRoom room;
  room.options.mirror_by_default = false;
  room.pack(MadeSet(8));
  DataOptions options{.kind = "pack", .path = room.out().string()};
  const auto data = open_data(options, {3, 4, 6}).train;
  EXPECT_FALSE(mirrors(options, *data));
  options.random_flip = "true";
  EXPECT_TRUE(mirrors(options, *data));
}

}  // namespace
}  // namespace uvic
