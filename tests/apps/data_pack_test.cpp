// `uvic-data pack` and `info` from the shell, also killed on the way.
#include <gtest/gtest.h>

#include "io/png.h"
#include "support/idx_files.h"
#include "support/image_files.h"
#include "support/process.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::Process;
using testing::ProcessResult;
using testing::read_bytes;
using testing::run;
using testing::write_bytes;

/// A folder of captioned pictures in two classes, and room for packs of it.
class DataPack : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return (directory_ / name).string(); }
  /// `count` pictures: few different ones, under many names.
  void write_pictures(int count, int side = 20) const {
    std::string lines;
    for (int i = 0; i < count; ++i) {
      const std::string name = c10::str(i % 2 == 0 ? "cat/" : "dog/", i, ".jpg");
      const fs::path file = directory_ / "set" / name;
      fs::create_directories(file.parent_path());
      if (i < 10) {
        testing::write_image(file, testing::picture(side, side, i));
      } else {
        fs::create_hard_link(directory_ / "set" / c10::str(i % 2 == 0 ? "cat/" : "dog/", i % 10, ".jpg"),
                             file);
      }
      lines += c10::str("{\"file_name\": \"", name, "\", \"text\": \"picture ", i, "\"}\n");
    }
    write_bytes(directory_ / "set/metadata.jsonl", lines);
  }
  std::string command(const std::string& out, const std::string& more = "") const {
    return "uvic-data pack " + path("set") + " --image-size 16 --out " + path(out) + " " + more;
  }
  void refuse(const std::string& arguments, const std::string& message) const {
    const ProcessResult result = run(arguments);
    EXPECT_EQ(result.code, 2) << arguments << "\n" << result.err;
    EXPECT_NE(result.err.find(message), std::string::npos) << result.err;
  }
  /// Kills `line` at random moments until it has ended by itself, `signal` after `signal`.
  int kill_until_done(const std::string& line, int signal, int least, int most) const {
    std::mt19937 random(testing::random_seed());
    for (int kills = 0;; ++kills) {
      Process process(line);
      const int64_t until = std::uniform_int_distribution(least, most)(random) * (1 + kills);
      for (int64_t t = 0; t < until && process.running(); t += 5) testing::sleep_ms(5);
      if (!process.running() || kills == 8) {
        const ProcessResult result = process.wait();
        EXPECT_EQ(result.code, 0) << result.err;
        return kills;
      }
      process.send(signal);
      const ProcessResult result = process.wait();
      if (signal == SIGINT && result.code != 0) {
        EXPECT_TRUE(result.code == 3 || result.code == 128 + SIGINT) << result.code << result.err;
      }
    }
  }
  testing::TemporaryDirectory directory_;
};

TEST_F(DataPack, PacksAndDescribes) {
  write_pictures(30);
  const ProcessResult packed = run(command("set.pack", "--tokenizer bytes --caption-length 12"));
  ASSERT_EQ(packed.code, 0) << packed.err;
  const ProcessResult info =
      run("uvic-data info " + path("set.pack") + " --verify --sheet-images 6 --sheet " + path("sheet.png"));
  EXPECT_EQ(info.code, 0) << info.err;
  for (const char* text : {"30, 3x16x16 uint8", "2, 15 images each: cat, dog", "30, 1 an image",
                           "bytes, 12 tokens a caption", "all records are as they were written"}) {
    EXPECT_NE(info.out.find(text), std::string::npos) << info.out;
  }
  EXPECT_EQ(inspect_png(path("sheet.png"))->channels, 3);
  const std::string bytes = read_bytes(path("set.pack"));
  const ProcessResult again = run(command("set.pack", "--tokenizer bytes --caption-length 12"));
  EXPECT_EQ(again.code, 0);
  EXPECT_EQ(read_bytes(path("set.pack")), bytes);
  refuse(command("set.pack"), "set.pack: is there already, another pack: tokenizer");
}

TEST_F(DataPack, KilledAtAnyMomentItGoesOn) {
  write_pictures(250, 300);
  const std::string whole = command("whole.pack", "--tokenizer bytes --caption-length 12");
  ASSERT_EQ(run(whole).code, 0);
  for (const int signal : {SIGKILL, SIGINT}) {
    const std::string out = signal == SIGKILL ? "killed.pack" : "stopped.pack";
    kill_until_done(command(out, "--tokenizer bytes --caption-length 12 --workers 1"), signal, 150, 400);
    EXPECT_EQ(read_bytes(path(out)), read_bytes(path("whole.pack")));
    EXPECT_FALSE(fs::exists(path(out + ".part")));
    EXPECT_FALSE(fs::exists(path(out + ".part.log")));
  }
}

TEST_F(DataPack, LatentsKilledGoOn) {
  write_pictures(40);
  const std::string vae =
      "--vae " + testing::fixture("vae_diffusers").string() + " --mirrored --batch-size 4 --threads 1";
  ASSERT_EQ(run(command("whole.pack", vae)).code, 0);
  kill_until_done(command("killed.pack", vae), SIGKILL, 300, 500);
  EXPECT_EQ(read_bytes(path("killed.pack")), read_bytes(path("whole.pack")));
  const ProcessResult info = run("uvic-data info " + path("killed.pack") + " --sheet " + path("sheet.png") +
                                 " --vae " + testing::fixture("vae_diffusers").string());
  EXPECT_EQ(info.code, 0) << info.err;
  EXPECT_NE(info.out.find("with those of the mirrored images"), std::string::npos) << info.out;
  refuse("uvic-data info " + path("killed.pack") + " --sheet " + path("sheet.png"),
         "--vae names the autoencoder");
  refuse(
      "uvic-train --out " + path("run") +
          " --set data.kind=pack --set model.img_size=16 --set model.in_chans=3 --set model.num_classes=-1 "
          "--set model.embed_dim=16 --set model.num_heads=1 --set model.depth=2 --set data.path=" +
          path("killed.pack"),
      "model.in_chans");
}

TEST_F(DataPack, DamagedPicturesAreToldOfOrLeftOut) {
  write_pictures(12);
  std::string bytes = read_bytes(directory_ / "set/dog/3.jpg");
  write_bytes(directory_ / "set/dog/3.jpg", bytes.substr(0, bytes.size() / 2));
  fs::create_directory(directory_ / "out");
  refuse(command("out/set.pack"), "dog/3.jpg");
  EXPECT_TRUE(fs::is_empty(directory_ / "out"));
  const ProcessResult skipped = run(command("out/set.pack", "--on-error skip"));
  EXPECT_EQ(skipped.code, 0) << skipped.err;
  EXPECT_NE(skipped.err.find("dog/3.jpg"), std::string::npos) << skipped.err;
  EXPECT_NE(run("uvic-data info " + path("out/set.pack")).out.find("11, 3x16x16"), std::string::npos);
}

TEST_F(DataPack, DamagedPacksAreNamed) {
  write_pictures(12);
  ASSERT_EQ(run(command("set.pack")).code, 0);
  std::string bytes = read_bytes(path("set.pack"));
  bytes[bytes.size() / 2] ^= 4;
  write_bytes(path("flipped.pack"), bytes);
  refuse("uvic-data info --verify " + path("flipped.pack"), " damaged: the checksum is ");
  write_bytes(path("cut.pack"), bytes.substr(0, bytes.size() - 10));
  refuse("uvic-data info " + path("cut.pack"), "cut.pack: the pack is cut short");
  bytes[8] = 9;
  write_bytes(path("other.pack"), bytes);
  refuse("uvic-data info " + path("other.pack"),
         "other.pack: is a pack of format 9; this program reads format 2");
  refuse("uvic-data pack " + path("set.pack") + " --out " + path("again.pack"), "is a pack already");
}

TEST_F(DataPack, DigitsAsTheyAre) {
  fs::create_directory(directory_ / "digits");
  testing::write_set(directory_ / "digits", 20, 8, 8, 4);
  const std::string line = "uvic-data pack " + path("digits") + " --out " + path("digits.pack");
  refuse(line + " --image-size 16", "holds images 1x8x8, which are packed as they are");
  EXPECT_EQ(run(line).code, 0);
  const ProcessResult info = run("uvic-data info " + path("digits.pack"));
  EXPECT_NE(info.out.find("only if data.random_flip is true"), std::string::npos) << info.out;
  EXPECT_NE(info.out.find("idx " + path("digits")), std::string::npos) << info.out;
}

TEST_F(DataPack, OptionsThatDoNotGoTogether) {
  write_pictures(12);
  refuse("uvic-data pack " + path("set") + " --out " + path("x.pack"), "--image-size: must say what");
  refuse(command("x.pack", "--tokenizer bytes"), "--caption-length: must say how many tokens");
  refuse(command("x.pack", "--latents-type fp32"), "--latents-type: goes with --vae");
  refuse(command("x.pack", "--captions none --tokenizer bytes --caption-length 4"),
         "the images have no captions");
  refuse(command("none/x.pack"), "there is no folder");
  EXPECT_FALSE(fs::exists(path("x.pack")));
}

}  // namespace
}  // namespace uvic
