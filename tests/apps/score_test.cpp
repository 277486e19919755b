// uvic-fid stats and score, on the images and the distance of pytorch-fid.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "io/npz.h"
#include "io/png.h"
#include "support/eval_files.h"
#include "support/python.h"
#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_ok;
using testing::expect_usage_error;
using testing::run;
using testing::standin;

const SafeTensors& golden() {
  static const SafeTensors file = load_safetensors(testing::fixture("fid_images.safetensors"));
  return file;
}

class ScoreTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new testing::TemporaryDirectory;
    for (const char* name : {"images_1", "images_2"}) {
      const at::Tensor images = golden().tensors.at(name);
      for (int64_t i = 0; i < images.size(0); ++i) {
        const fs::path folder = fs::path(path(name)) / std::to_string(i / 100);
        fs::create_directories(folder);
        char file[32];
        std::snprintf(file, sizeof file, "%06ld.png", i);
        save_png(folder / file, images[i].permute({2, 0, 1}));
      }
    }
    save_npz(path("two.npz"),
             {{"arr_0", golden().tensors.at("images_2")}, {"arr_1", at::zeros({256}, at::kLong)}});
    testing::python("import shutil, sys; shutil.make_archive(sys.argv[1], 'zip', sys.argv[1])",
                    {path("images_1")});
  }
  static void TearDownTestSuite() { delete directory_; }
  static std::string path(const std::string& name) { return (*directory_ / name).string(); }
  static std::string with_standin(const std::string& command) {
    return "uvic-fid " + command + " --device cpu --features " + standin().string();
  }
  static nlohmann::json score(const std::string& a, const std::string& b, const std::string& options = "") {
    const auto result = run(with_standin("score " + path(a) + " " + path(b) + " --json " + options));
    expect_ok(result);
    return nlohmann::json::parse(result.out);
  }
  static testing::TemporaryDirectory* directory_;
};
testing::TemporaryDirectory* ScoreTest::directory_ = nullptr;

TEST_F(ScoreTest, FoldersZipsAndNpzGivePytorchFidsDistance) {
  const double expected = std::stod(golden().metadata.at("fid"));
  for (const char* a : {"images_1", "images_1.zip"}) {
    for (const char* b : {"images_2", "two.npz"}) {
      const auto result = score(a, b, "--metrics fid");
      EXPECT_NEAR(result.at("fid").get<double>(), expected, 1e-4 * expected);
      EXPECT_EQ(result.at("num_images"), 256);
      EXPECT_FALSE(result.contains("kid"));
      EXPECT_TRUE(result.at("wait_fraction").is_number());
      EXPECT_EQ(result.at("features").at("sha256").get<std::string>().size(), 64U);
    }
  }
}

TEST_F(ScoreTest, EveryScoreAndATable) {
  const auto result = score("images_1", "images_2");
  for (const char* key : {"fid", "kid", "kid_standard_error", "inception_score", "inception_score_deviation",
                          "precision", "recall", "density", "coverage"}) {
    EXPECT_TRUE(result.at(key).is_number()) << key;
  }
  const auto table = run(with_standin("score " + path("images_1") + " " + path("images_2")));
  EXPECT_NE(table.out.find("fid              0.0138515"), std::string::npos) << table.out;
  EXPECT_NE(table.out.find("100 subsets of 256"), std::string::npos) << table.out;
  EXPECT_NE(table.err.find("SHA-256 "), std::string::npos) << table.err;
  EXPECT_NE(table.err.find("of the time waiting for images"), std::string::npos) << table.err;
}

TEST_F(ScoreTest, StatisticsFilesStandForTheirImages) {
  const double expected = std::stod(golden().metadata.at("fid"));
  expect_ok(run(with_standin("stats " + path("two.npz") + " --out " + path("new/two_stats.npz"))));
  EXPECT_NEAR(score("images_1", "new/two_stats.npz").at("fid").get<double>(), expected, 1e-4 * expected);
  expect_ok(run(with_standin("stats " + path("images_1") + " --mu-dtype float32 --save-features --out " +
                             path("one_stats.npz"))));
  // Independent of our reader.
  EXPECT_EQ(testing::python(R"(
import sys, zipfile
for name in sys.argv[1:]:
    z = zipfile.ZipFile(name)
    print([(n, z.read(n)[10:].split(b'}')[0].decode()) for n in z.namelist()])
)",
                            {path("new/two_stats.npz"), path("one_stats.npz")}),
            "[('mu.npy', \"{'descr': '<f8', 'fortran_order': False, 'shape': (48,), \"), "
            "('sigma.npy', \"{'descr': '<f8', 'fortran_order': False, 'shape': (48, 48), \")]\n"
            "[('arr_0.npy', \"{'descr': '<f4', 'fortran_order': False, 'shape': (256, 48), \"), "
            "('mu.npy', \"{'descr': '<f4', 'fortran_order': False, 'shape': (48,), \"), "
            "('sigma.npy', \"{'descr': '<f4', 'fortran_order': False, 'shape': (48, 48), \")]\n");
  // No extractor is needed between files, and features allow what images do, but for the Inception score.
  const auto files =
      run("uvic-fid score " + path("one_stats.npz") + " " + path("new/two_stats.npz") + " --json");
  expect_ok(files);
  EXPECT_NEAR(nlohmann::json::parse(files.out).at("fid").get<double>(), expected, 1e-4 * expected);
  const auto kept = score("one_stats.npz", "images_2");
  EXPECT_NEAR(kept.at("kid").get<double>(), score("images_1", "images_2").at("kid").get<double>(), 1e-9);
  EXPECT_FALSE(kept.contains("inception_score"));
}

TEST_F(ScoreTest, AdmsReferenceBatchKeepsItsMeanAndGivesTheRestFromItsImages) {
  expect_ok(run(with_standin("stats " + path("images_1") + " --out " + path("s.npz"))));
  TensorMap batch = load_npz(path("s.npz"));
  batch["mu_s"] = at::zeros({2});
  batch["sigma_s"] = at::eye(2);
  batch["arr_0"] = golden().tensors.at("images_2");
  save_npz(path("adm.npz"), batch);
  const auto result = score("images_1", "adm.npz");
  EXPECT_NEAR(result.at("fid").get<double>(), 0, 1e-9);  // mu and sigma are those of images_1
  EXPECT_NEAR(result.at("kid").get<double>(), score("images_1", "images_2").at("kid").get<double>(), 1e-9);
  // Without an extractor its statistics still do.
  const auto plain = run("uvic-fid score " + path("s.npz") + " " + path("adm.npz") + " --metrics fid");
  EXPECT_NE(plain.out.find("fid"), std::string::npos) << plain.err;
}

TEST_F(ScoreTest, AnExtractorThatGivesOnlyFeaturesRefusesTheInceptionScoreAndSaysWhy) {
  const std::string plain = testing::plain_network(path("plain.pt")).string();
  const std::string command =
      "uvic-fid score " + path("images_1") + " " + path("images_2") + " --features " + plain;
  expect_usage_error(command + " --metrics fid,inception_score",
                     "--metrics inception_score: " + plain + " gives only features");
  const auto result = run(command);
  expect_ok(result);
  EXPECT_EQ(result.out.find("inception_score"), std::string::npos);
  EXPECT_NE(result.err.find("left out: inception_score: " + plain + " gives only features"),
            std::string::npos);
}

TEST_F(ScoreTest, FewImagesAreWarnedOf) {
  save_npz(path("few.npz"), {{"arr_0", golden().tensors.at("images_2").narrow(0, 0, 20)}});
  const auto result = run(with_standin("score " + path("few.npz") + " " + path("images_1")));
  expect_ok(result);
  EXPECT_NE(result.err.find("few.npz (20 images): the covariance of 48 features has rank 19: N is small"),
            std::string::npos)
      << result.err;
  EXPECT_NE(run(with_standin("stats " + path("few.npz") + " --out " + path("f.npz"))).err.find("N is small"),
            std::string::npos);
}

TEST_F(ScoreTest, BadInputIsNamed) {
  const std::string one = path("images_1");
  expect_usage_error("uvic-fid score " + one + " " + one, "--features: give a TorchScript extractor");
  expect_usage_error("uvic-fid stats " + one + " --out " + path("x.npz"),
                     "--features: give a TorchScript extractor");
  expect_usage_error(with_standin("score " + one + " /nowhere"), "/nowhere: no such file or folder");
  expect_usage_error(with_standin("stats " + one + " --out " + path("x.pt")), "must end in .npz");
  expect_usage_error(with_standin("score " + one + " " + path("two.npz") + " --metrics fud"), "--metrics");
  expect_usage_error(with_standin("score " + one + " " + path("plain_stats.npz")),
                     "plain_stats.npz: no such file");
  testing::write_eval_stats(path("plain_stats.npz"));
  expect_usage_error(with_standin("score " + one + " " + path("plain_stats.npz")),
                     "gives 48 features, but the statistics to compare with are of 4");
  expect_usage_error(with_standin("score " + one + " " + path("plain_stats.npz") + " --metrics kid"),
                     "plain_stats.npz: has mean and covariance only");
  testing::write_bytes(path("junk.pt"), "junk");
  expect_usage_error("uvic-fid score " + one + " " + one + " --features " + path("junk.pt"),
                     "junk.pt: is not a Torch");
  expect_usage_error("uvic-fid", "subcommand");
  fs::create_directories(path("damaged"));
  const std::string bytes = testing::read_bytes(path("images_1/0/000000.png"));
  testing::write_bytes(path("damaged/a.png"), bytes.substr(0, bytes.size() / 2));
  expect_usage_error(with_standin("score " + path("damaged") + " " + one), "damaged/a.png");
}

// What training logs is what a dump of the same weights scores.
TEST_F(ScoreTest, TrainingScoresWhatADumpScores) {
  testing::TrainedRun files(/*train=*/false);
  DiffusionConfig config = testing::tiny_config(files / "data");
  testing::add_evaluation(config, files / "data");
  config.train.eval_images = 30;
  config.train.eval_interval = 6;
  testing::write_bytes(files / "config.yaml", config.to_yaml());
  const auto trained = run(files.train_command());
  expect_ok(trained);
  EXPECT_NE(trained.err.find("guidance 1.5 (sample.cfg)"), std::string::npos) << trained.err;
  nlohmann::json last;
  std::ifstream lines(files / "run/metrics.jsonl");
  for (std::string line; std::getline(lines, line);) {
    if (const auto json = nlohmann::json::parse(line); json.contains("fid")) last = json;
  }
  expect_ok(
      run("uvic-fid dump " + files.checkpoint() + " --num 30 --batch 4 --out " + (files / "dump").string()));
  const auto scored = run("uvic-fid score " + (files / "dump").string() + " " + config.train.eval_stats +
                          " --metrics fid --json --features " + config.train.eval_features);
  expect_ok(scored);
  const double expected = nlohmann::json::parse(scored.out).at("fid");
  EXPECT_EQ(last.at("step"), 6);
  EXPECT_EQ(last.at("fid_images"), 30);
  EXPECT_NEAR(last.at("fid").get<double>(), expected, 1e-6 * expected);
}

TEST_F(ScoreTest, ADryRunChecksAndDescribesTheEvaluation) {
  const testing::TrainedRun files(/*train=*/false);
  DiffusionConfig config = testing::tiny_config(files / "data");
  testing::add_evaluation(config, files / "data");
  testing::write_bytes(files / "config.yaml", config.to_yaml());
  const auto dry = run(files.train_command() + " --dry-run");
  EXPECT_NE(dry.out.find("evaluation: every 2 steps"), std::string::npos) << dry.out << dry.err;
  expect_usage_error(files.train_command() + " --eval-features " + standin().string(), "gives 48");
  EXPECT_FALSE(fs::exists(files / "run"));
}

}  // namespace
}  // namespace uvic
