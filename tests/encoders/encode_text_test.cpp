// uvic-data encode-text, from the shell.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "io/npy.h"
#include "support/golden_clip.h"
#include "support/process.h"

namespace uvic {
namespace {

using namespace testing;

const std::string kCommand = "uvic-data encode-text ", kClip = fixture("clip").string();

nlohmann::json golden_captions() {
  return nlohmann::json::parse(read_bytes(fixture("clip/tokens.json")))["captions"];
}

void expect_refused(const std::string& arguments, const std::string& message) {
  const auto result = run(kCommand + arguments);
  EXPECT_EQ(result.code, 2) << arguments;
  EXPECT_NE(result.err.find("error: " + message), std::string::npos) << result.err;
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
}

TEST(EncodeText, GivesTheGoldenTokensAndStates) {
  const TemporaryDirectory directory;
  const auto golden = golden_clip();
  const std::string captions = directory / "captions.json", out = directory / "states.npy",
                    tokens = directory / "ids.npy";
  write_bytes(captions, golden_captions().dump());
  const auto result = run(kCommand + "--text-encoder " + kClip + " --captions " + captions + " --out " + out +
                          " --tokens-out " + tokens + " --batch-size 5 --device cpu");
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(at::equal(load_npy(tokens), golden.ids));
  EXPECT_LT(relative_error(load_npy(out), golden.states), 1e-6);
  EXPECT_NE(result.err.find("CLIPTokenizerFast"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("1 caption is longer than 77 tokens and cut off"), std::string::npos)
      << result.err;
}

// A line a caption; of a whole checkpoint, whose tokenizer is named apart.
TEST(EncodeText, ReadsLinesAndCheckpoints) {
  const TemporaryDirectory directory;
  const auto golden = golden_clip();
  save_safetensors(directory / "sd.safetensors",
                   with_names_behind(golden.weights, "cond_stage_model.transformer.text_model."));
  write_bytes(directory / "captions.txt", "a photo of a cat\r\n\n[a] b\n");
  const auto result =
      run(kCommand + "--quiet --text-encoder " + (directory / "sd.safetensors").string() + " --tokenizer " +
          kClip + " --captions " + (directory / "captions.txt").string() + " --out " +
          (directory / "s.npy").string() + " --tokens-out " + (directory / "t.npy").string());
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_TRUE(at::equal(load_npy(directory / "t.npy").slice(0, 0, 2), golden.ids.slice(0, 1, 3)));
  EXPECT_LT(relative_error(load_npy(directory / "s.npy").slice(0, 0, 2), golden.states.slice(0, 1, 3)), 1e-6);
  EXPECT_EQ(load_npy(directory / "s.npy").sizes(), (std::vector<int64_t>{3, 77, 32}));
}

TEST(EncodeText, RefusesWhatIsWrong) {
  const TemporaryDirectory directory;
  const std::string captions = directory / "captions.txt", json = directory / "captions.json",
                    out = " --out " + (directory / "s.npy").string(),
                    encoder = "--text-encoder " + kClip + " --captions ";
  write_bytes(captions, "a\n");
  expect_refused(encoder + captions, "--out, --tokens-out: give at least one of them");
  expect_refused(encoder + captions + " --out " + directory.path().string() + "/s.png", "--out ");
  write_bytes(json, "[\n\"a\",\n]\n");
  expect_refused(encoder + json + out, json + ": not valid JSON, line 3, column 1: unexpected ']'");
  write_bytes(json, "[\"a\", 5]");
  expect_refused(encoder + json + out, json + ": its text 2 is the number 5");
  write_bytes(json, "{\"a\": 5}");
  expect_refused(encoder + json + out, json + ": must be a list of texts, is an object");
  write_bytes(captions, "a\nb\ncaf\xE9\n");
  expect_refused(encoder + captions + out, captions + ": is not UTF-8: byte 0xE9 at offset 7, line 3");
  write_bytes(captions, "");
  expect_refused(encoder + captions + out, captions + ": there is no text in it");
  EXPECT_FALSE(std::filesystem::exists(directory / "s.npy"));
}

}  // namespace
}  // namespace uvic
