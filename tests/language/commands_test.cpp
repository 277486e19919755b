// The commands of uvic-lm that read a model, from the shell.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "io/npy.h"
#include "io/png.h"
#include "io/safetensors.h"
#include "language/recipe.h"
#include "nn/parameters.h"
#include "support/golden_language.h"
#include "support/process.h"
#include "text/byte_tokenizer.h"
#include "tiny_model.h"

namespace uvic {
namespace {

using nlohmann::json;
using testing::run;
using testing::write_bytes;

const std::string kLanguageModel = "uvic-lm ";

/// A tiny model of bytes, as training writes it.
std::string save_model(const testing::TemporaryDirectory& directory, const CogformerOptions& options) {
  LanguageRecipeFile file;
  file.recipe.model = options;
  const std::string path = directory / "model.safetensors";
  save_safetensors(path, named_weights(*testing::tiny_model(options)),
                   {{"uvic.config", file.to_yaml()},
                    {kTokenizerKey, "bytes"},
                    {kTokenizerHashKey, byte_tokenizer()->fingerprint()}});
  return path;
}

std::vector<json> json_lines(const std::filesystem::path& path) {
  std::istringstream lines(testing::read_bytes(path));
  std::vector<json> found;
  for (std::string line; std::getline(lines, line);) found.push_back(json::parse(line));
  return found;
}

void expect_refused(const std::string& arguments, const std::string& message) {
  const auto result = run(kLanguageModel + arguments);
  EXPECT_EQ(result.code, 2) << arguments;
  EXPECT_NE(result.err.find("error: " + message), std::string::npos) << result.err;
}

TEST(LanguageCommands, GenerateAndEvalGiveTheGoldenNumbers) {
  const testing::TemporaryDirectory directory;
  const auto golden = testing::golden_language("lm_cog_d32").tensors;
  std::string prompt;
  for (const at::Tensor& token : golden.at("generate.prompt")[0].unbind())
    prompt += (prompt.empty() ? "" : ",") + std::to_string(token.item<int64_t>());
  const std::string checkpoint = " --checkpoint " + testing::fixture("lm_cogformer.pth").string(),
                    tokens = directory / "t.npy", log_probs = directory / "lp.npy";
  const auto generated = run(kLanguageModel + "generate" + checkpoint + " --prompt-tokens " + prompt +
                             " --greedy --length 12 --out-tokens " + tokens + " --logprobs " + log_probs);
  ASSERT_EQ(generated.code, 0) << generated.err;
  EXPECT_TRUE(load_npy(tokens).equal(golden.at("generate.tokens")));
  ASSERT_EQ(load_npy(log_probs).scalar_type(), at::kFloat);
  EXPECT_LT(testing::max_abs_error(load_npy(log_probs), golden.at("generate.log_probs")), 1e-4);

  save_npy(directory / "in.npy", golden.at("input.tokens"));
  const auto evaluated =
      run(kLanguageModel + "eval" + checkpoint + " --json --tokens " + (directory / "in.npy").string());
  ASSERT_EQ(evaluated.code, 0) << evaluated.err;
  const auto found = json::parse(evaluated.out);
  EXPECT_NEAR(found["loss"].get<double>(), golden.at("output.loss").item<double>(), 2e-5);
  EXPECT_EQ(found["tokens"], 63);
  EXPECT_DOUBLE_EQ(found["perplexity"].get<double>(), std::exp(found["loss"].get<double>()));
}

// A text of several, one by one or streamed alone: the same.
TEST(LanguageCommands, ATextIsTheSameAloneAndAmongOthers) {
  const testing::TemporaryDirectory directory;
  const std::string generate = kLanguageModel + "generate --length 12 --ignore-eos --top-p 0.9 --quiet " +
                               "--checkpoint " + save_model(directory, testing::tiny_options()),
                    out = directory / "texts.jsonl";
  write_bytes(directory / "prompts.txt", "~ one\r\n\nanother prompt\n");
  const auto all = run(generate + " --seeds 3-5 --batch 4 --out " + out + " --prompts " +
                       (directory / "prompts.txt").string());
  ASSERT_EQ(all.code, 0) << all.err;
  const auto lines = json_lines(out);
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines[4]["prompt"], "another prompt");
  EXPECT_EQ(lines[4]["seed"], 4);
  EXPECT_EQ(lines[4]["end"], "length");
  const auto tokens = lines[1]["tokens"].get<std::vector<int64_t>>();
  ASSERT_EQ(tokens.size(), 12U);
  const auto streamed = run(generate + " --prompt '~ one' --seed 4 --echo");
  EXPECT_EQ(streamed.out, "~ one" + byte_tokenizer()->decode(tokens) + "\n");
  const auto piped = run("sh -c \"echo '~ one' | " + generate + " --seed 4,5 --no-stream\"");
  EXPECT_TRUE(
      piped.out.starts_with("--- prompt 1, seed 4 ---\n" + byte_tokenizer()->decode(tokens) + "\n---"))
      << piped.out;
}

TEST(LanguageCommands, ASignalKeepsWhatIsMade) {
  const testing::TemporaryDirectory directory;
  auto options = testing::tiny_options();
  options.max_seq_length = 1 << 20;
  const std::filesystem::path out = directory / "out.txt";
  testing::Process process(kLanguageModel + "generate --ignore-eos --prompt a --checkpoint " +
                           save_model(directory, options) + " --out-tokens " +
                           (directory / "t.npy").string() + " > " + out.string());
  std::error_code none;
  for (int i = 0; i < 600 && (std::filesystem::file_size(out, none) == 0 || none); ++i) testing::sleep_ms(50);
  process.send(SIGINT);
  const auto result = process.wait();
  EXPECT_EQ(result.code, 3) << result.err;
  EXPECT_NE(result.err.find("SIGINT: 0 of 1 text whole"), std::string::npos) << result.err;
  EXPECT_GT(load_npy(directory / "t.npy").numel(), 0);
}

TEST(LanguageCommands, EvalOfTextAndOfQuestions) {
  const testing::TemporaryDirectory directory;
  const std::string eval =
      kLanguageModel + "eval --json --checkpoint " + save_model(directory, testing::tiny_options());
  write_bytes(directory / "a.txt", std::string(300, 'x') + "\xC3\xA9\n");
  const auto text = run(eval + " --text " + (directory / "a.txt").string());
  ASSERT_EQ(text.code, 0) << text.err;
  const auto found = json::parse(text.out);
  EXPECT_EQ(found["tokens"], 303);
  EXPECT_EQ(found["bytes"], 303);
  EXPECT_DOUBLE_EQ(found["bits_per_byte"].get<double>(), found["loss"].get<double>() / std::log(2));
  write_bytes(directory / "q.jsonl",
              "{\"context\": \"c\", \"choices\": [\"a\", \"b\"], \"answer\": 0}\n"
              "{\"context\": \"c\", \"choices\": [\"a\", \"b\"], \"answer\": 1}\n");
  const auto questions = run(eval + " --choices " + (directory / "q.jsonl").string());
  ASSERT_EQ(questions.code, 0) << questions.err;
  EXPECT_EQ(
      json::parse(questions.out),
      json::parse("{\"acc\": 0.5, \"acc_stderr\": 0.5, \"acc_norm\": 0.5, \"acc_norm_stderr\": 0.5, "
                  "\"acc_bytes\": 0.5, \"acc_bytes_stderr\": 0.5, \"questions\": 2, \"truncated\": 0}"));
}

TEST(LanguageCommands, ProbeComparesModels) {
  const testing::TemporaryDirectory directory;
  const std::string model = save_model(directory, testing::tiny_options()), plot = directory / "p.png";
  const auto result = run(kLanguageModel + "probe --json --lengths 1,5,40 --checkpoint " + model +
                          " --against " + model + " --plot " + plot);
  ASSERT_EQ(result.code, 0) << result.err;
  const auto found = json::parse(result.out);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0], found[1]);
  EXPECT_EQ(found[0]["ones"], (json{1, 5, 40}));
  EXPECT_EQ(found[0]["zero_before"]["relative"].size(), 3U);
  EXPECT_TRUE(inspect_png(plot).has_value());
}

TEST(LanguageCommands, RefuseWhatDoesNotFit) {
  const testing::TemporaryDirectory directory;
  const std::string model = " --checkpoint " + save_model(directory, testing::tiny_options());
  expect_refused(
      "generate" + model + " --prompt abc --length 50",
      "--prompt: its 4 tokens and 50 to generate (generate.length) are more than the model's context "
      "of 48");
  expect_refused("generate" + model + " --prompt-tokens 1,259",
                 "--prompt-tokens: token 259 at position 1 is outside the model's vocabulary, 0 to 258");
  save_npy(directory / "t.npy", at::tensor({1, 5, 1, 300}, at::kLong).view({2, 2}));
  const std::string tokens = directory / "t.npy";
  expect_refused("eval" + model + " --tokens " + tokens,
                 tokens + ", row 1: token 300 at position 1 is outside the model's vocabulary, 0 to 258");
  expect_refused("eval --text " + tokens + " --checkpoint " + testing::fixture("lm_cogformer.pth").string(),
                 "--text: needs the tokenizer that");
}

}  // namespace
}  // namespace uvic
