// uvic-fid stats and score, on the images and the distance of pytorch-fid.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "data/idx.h"
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
  for (const char* key : {"fid", "kid", "inception_score", "inception_score_deviation", "precision", "recall",
                          "density", "coverage"}) {
    EXPECT_TRUE(result.at(key).is_number()) << key;
  }
  EXPECT_TRUE(result.at("kid_standard_error").is_null()) << "the only subset is all 256";
  EXPECT_EQ(result.at("left_out"), 0);
  const auto table = run(with_standin("score " + path("images_1") + " " + path("images_2")));
  EXPECT_NE(table.out.find("fid              0.0138515"), std::string::npos) << table.out;
  EXPECT_NE(table.out.find("(no standard error: subsets are the whole set)"), std::string::npos) << table.out;
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
  expect_usage_error("uvic-fid", "give a command");
  fs::create_directories(path("damaged"));
  const std::string bytes = testing::read_bytes(path("images_1/0/000000.png"));
  testing::write_bytes(path("damaged/a.png"), bytes.substr(0, bytes.size() / 2));
  expect_usage_error(with_standin("score " + path("damaged") + " " + one), "damaged/a.png");
}

// A mistyped second path must not cost the pass over the first.
TEST_F(ScoreTest, BothSidesAreCheckedBeforeTheFirstImageIsLookedAt) {
  const std::string one = path("images_1");
  const at::Tensor images = golden().tensors.at("images_2").narrow(0, 0, 3);
  save_npz(path("float.npz"), {{"arr_0", images.to(at::kFloat)}});
  save_npz(path("keys.npz"), {{"images", images}});
  save_npz(path("grey.npz"), {{"arr_0", images.select(3, 0)}});
  save_npz(path("single.npz"), {{"arr_0", images.narrow(0, 0, 1)}});
  save_npz(path("no_covariance.npz"), {{"mu", at::zeros({48})}, {"sigma", -at::eye(48)}});
  testing::write_eval_stats(path("four.npz"));
  fs::create_directories(path("empty"));
  const std::vector<std::pair<std::string, std::string>> refusals = {
      {"float.npz",
       "float.npz: arr_0 must be images, uint8 [N, H, W, 3] or [N, H, W, 1]; it is float32 [3, "},
      {"keys.npz", "keys.npz: has no array \"arr_0\", only images"},
      {"grey.npz", "it is uint8 [3, "},
      {"single.npz", "single.npz: statistics need two images or more, there is 1"},
      {"no_covariance.npz", "no_covariance.npz: sigma is no covariance: its eigenvalues go from -1 to -1"},
      {"four.npz", "gives 48 features, but the statistics to compare with are of 4: "},
      {"empty", "empty: no images here or below"},
      {"missing", "missing: no such file or folder"}};
  for (const auto& [name, text] : refusals) {
    const auto result = run(with_standin("score " + one + " " + path(name)));
    EXPECT_EQ(result.code, 2) << name;
    EXPECT_NE(result.err.find(text), std::string::npos) << result.err;
    EXPECT_EQ(result.err.find("images/s"), std::string::npos) << result.err;
  }
  save_npz(path("five.npz"), {{"arr_0", golden().tensors.at("images_2").narrow(0, 0, 5)}});
  const auto few = run(with_standin("score " + one + " " + path("five.npz") + " --metrics fid,recall"));
  EXPECT_NE(few.err.find("--metrics recall: " + path("five.npz") + ": it needs 6 images, there are 5"),
            std::string::npos)
      << few.err;
  EXPECT_EQ(few.err.find("images/s"), std::string::npos) << few.err;
  expect_usage_error(with_standin("stats " + one + " --out " + path("two.npz/x.npz")),
                     "what is written is a folder");
}

TEST_F(ScoreTest, BadFilesAreAllNamedAtOnceOrLeftOut) {
  const fs::path photos = path("photos");
  fs::create_directories(photos);
  for (int i = 0; i < 8; ++i) {
    save_png(photos / (std::to_string(i) + ".png"),
             golden().tensors.at("images_2")[i].permute({2, 0, 1}).contiguous());
  }
  testing::write_bytes(photos / "x.png", "");
  testing::write_bytes(photos / "y.jpg", "no image");
  const std::string stats = with_standin("stats " + photos.string() + " --out " + path("photos.npz"));
  const auto failed = run(stats);
  EXPECT_EQ(failed.code, 2);
  for (const char* text : {"x.png: the file is empty", "y.jpg: not a PNG", "--on-error skip would leave"})
    EXPECT_NE(failed.err.find(text), std::string::npos) << failed.err;
  EXPECT_EQ(failed.err.find("images/s"), std::string::npos) << failed.err;
  EXPECT_FALSE(fs::exists(path("photos.npz")));

  const auto skipped = run(stats + " --on-error skip");
  expect_ok(skipped);
  EXPECT_NE(skipped.err.find("photos: skipped 2 of 10 images: "), std::string::npos) << skipped.err;
  EXPECT_NE(skipped.err.find("photos: 8 of 10 images used, 2 left out"), std::string::npos) << skipped.err;
  EXPECT_EQ(load_npz(path("photos.npz")).at("num_images").item<int64_t>(), 8);
  const auto scored = score("photos", "photos.npz", "--on-error skip --metrics fid");
  EXPECT_EQ(scored.at("num_images"), 8);
  EXPECT_EQ(scored.at("num_reference"), 8);
  EXPECT_EQ(scored.at("left_out"), 2);
  EXPECT_NEAR(scored.at("fid").get<double>(), 0, 1e-9);

  for (int i = 0; i < 10; ++i) testing::write_bytes(photos / ("z" + std::to_string(i) + ".png"), "");
  expect_usage_error(stats, "; and 2 more, all are named in " + path("photos.npz.bad-files.txt"));
  EXPECT_NE(testing::read_bytes(path("photos.npz.bad-files.txt")).find("z9.png"), std::string::npos);
}

TEST_F(ScoreTest, ASetAgainstItself) {
  save_npz(path("four_images.npz"), {{"arr_0", golden().tensors.at("images_2").narrow(0, 0, 4)}});
  const auto result =
      run(with_standin("score " + path("four_images.npz") + " " + path("four_images.npz") + " --json"));
  expect_ok(result);
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_NEAR(json.at("fid").get<double>(), 0, 1e-9);
  EXPECT_EQ(json.at("warnings").size(), 1U);
  EXPECT_EQ(result.err.find("N is small"), result.err.rfind("N is small")) << result.err;
  EXPECT_TRUE(json.at("kid_standard_error").is_null());
  EXPECT_LT(json.at("kid").get<double>(), 0);
  EXPECT_NE(result.err.find("a KID below 0 is 0 within its error"), std::string::npos) << result.err;
}

// A run and parts of it.
TEST_F(ScoreTest, WhatIsNoSetOfImagesSaysWhatToDoInstead) {
  const testing::TrainedRun files;
  const std::string out = " --out " + path("r.npz");
  const std::string trained = (files / "run").string(), advice = "uvic-fid dump --checkpoint " + trained;
  for (const char* part : {"", "/", "/samples", "/checkpoints"}) {
    expect_usage_error(with_standin("stats " + trained + part + out), advice);
  }
  expect_usage_error(with_standin("score " + path("images_1") + " " + trained), advice);
  const std::string checkpoint = trained + "/checkpoints/step-00000006";
  expect_usage_error(with_standin("stats " + checkpoint + out), "a checkpoint, no images");
  expect_usage_error(with_standin("stats " + checkpoint + "/model.safetensors" + out), "a file of weights");
}

TEST_F(ScoreTest, StatisticsOfWhatTrainingReads) {
  const testing::TrainedRun files(/*train=*/false);
  const std::string data = (files / "data").string(), config = (files / "config.yaml").string();
  // As a folder of idx files, as what the config names, and as another path in its place.
  const auto mean = [&](const std::string& what, const std::string& count) {
    const auto result = run(with_standin("stats " + what + " --out " + path("set.npz")));
    expect_ok(result);
    EXPECT_NE(result.err.find(" of " + count + " images\n"), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("images prepared as for training, none flipped"), std::string::npos)
        << result.err;
    return load_npz(path("set.npz")).at("mu");
  };
  const int64_t count = open_idx(data)->size();
  const at::Tensor all = mean(data, std::to_string(count));
  EXPECT_TRUE(at::equal(mean("--config " + config, std::to_string(count)), all));
  EXPECT_TRUE(at::equal(
      mean(data + " --config " + config + " --set data.path=/nowhere", std::to_string(count)), all));
  const int64_t held_out = std::llround(0.25 * double(count));
  EXPECT_FALSE(at::equal(
      mean("--config " + config + " --set data.val_fraction=0.25", std::to_string(count - held_out)), all));
  const auto scored = run(with_standin("score " + data + " --config " + config + " --metrics fid --json"));
  expect_ok(scored);
  EXPECT_NEAR(nlohmann::json::parse(scored.out).at("fid").get<double>(), 0, 1e-9);
  expect_usage_error(
      with_standin("stats --config " + config + " --set model.img_size=4 --out " + path("x.npz")),
      "but model.in_chans x model.img_size is");
  expect_usage_error(with_standin("stats --out " + path("x.npz")), "or --config C for the data set");
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
