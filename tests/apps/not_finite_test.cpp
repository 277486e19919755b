// Weights that give NaN: no pictures of them from any executable, exit code 1, and seeds that are named.
#include <gtest/gtest.h>

#include "io/npy.h"
#include "io/png.h"
#include "io/png_decode.h"
#include "io/safetensors.h"
#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::run;
using testing::TrainedRun;

class NotFinite : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    files_ = new TrainedRun;
    const auto own = load_safetensors(*files_ / "run/checkpoints/step-00000006/ema-0.9.safetensors");
    // Values that a file may hold, too large for float32 once they are multiplied.
    const auto save = [&](const char* name, const char* tensor, std::function<void(at::Tensor)> change) {
      SafeTensors changed = own;
      at::Tensor values = changed.tensors.at(tensor).clone();
      change(values);
      changed.tensors[tensor] = values;
      save_safetensors(*files_ / name, changed.tensors, changed.metadata);
    };
    save("all.safetensors", "norm.weight", [](at::Tensor values) { values.fill_(3e38F); });
    save("class2.safetensors", "label_emb.weight", [](at::Tensor values) { values[2].fill_(3e38F); });
  }
  static void TearDownTestSuite() { delete files_; }
  static std::string path(const std::string& name) { return (*files_ / name).string(); }
  static std::string of(const std::string& weights) {
    return " --device cpu --threads 1 --quiet --checkpoint " + path(weights + ".safetensors") + " ";
  }
  static void expect_failure(const std::string& command, const std::string& error) {
    const auto result = run(command);
    EXPECT_EQ(result.code, 1) << command << "\n" << result.err;
    EXPECT_EQ(result.err, "error: " + error + "\n") << command;
  }
  static TrainedRun* files_;
};
TrainedRun* NotFinite::files_ = nullptr;

const std::string kAll = "all 4 images hold values that are not finite (NaN or infinity), the first of seed ";
const std::string kTwo =
    "2 of 8 images hold values that are not finite (NaN or infinity), the first of seed 2";

TEST_F(NotFinite, NoPictureIsWrittenWhereAllAre) {
  expect_failure("uvic-sample" + of("all") + "--seeds 5-8 --out " + path("all.png") + " --images " +
                     path("all-images") + " --raw " + path("all.npy"),
                 kAll + "5");
  EXPECT_FALSE(fs::exists(path("all.png")));
  EXPECT_TRUE(fs::is_empty(path("all-images")));
  EXPECT_FALSE(load_npy(path("all.npy")).isfinite().any().item<bool>());  // floats, as they are
  expect_failure("uvic-sample" + of("all") + "--seeds 0-3 --precision bf16 --out " + path("all.png"),
                 kAll + "0; try --precision fp32");
  expect_failure("uvic-sample" + of("all") + "--seeds 0-99 --batch 4 --out " + path("all.png"),
                 kAll + "0; the other 96 were not made");
}

TEST_F(NotFinite, TheOthersAreShownAndTheGridHasNoRecord) {
  expect_failure("uvic-sample" + of("class2") + "--seeds 0-7 --out " + path("two.png") + " --images " +
                     path("two-images"),
                 kTwo + "; black in " + path("two.png"));
  EXPECT_FALSE(inspect_png(path("two.png"))->text.contains("parameters"));
  const at::Tensor grid = decode_png(testing::read_bytes(path("two.png")));
  EXPECT_EQ(grid.narrow(1, 2, 8).narrow(2, 22, 8).max().item<int>(), 0);  // the third of three columns
  EXPECT_GT(grid.narrow(1, 2, 8).narrow(2, 12, 8).max().item<int>(), 0);
  EXPECT_FALSE(fs::exists(path("two-images/000002.png")) || fs::exists(path("two-images/000006.png")));
  EXPECT_TRUE(fs::exists(path("two-images/000007.png")));
}

TEST_F(NotFinite, ADumpIsNotWholeForVerifyAndScore) {
  for (const std::string name : {"dump", "dump.zip", "dump.npz"}) {
    const std::string command = "uvic-fid dump" + of("class2") + "--batch 8 --num 8 --out " + path(name);
    const std::string dumped = name == "dump" ? " has 6 of its 8 images" : " has 2 of its 8 images";
    expect_failure(command, kTwo + "; " + path(name) + dumped + " and is not whole");
    expect_failure(command, name == "dump"
                                ? "all 2 images hold values that are not finite (NaN or infinity), "
                                  "the first of seed 2; " +
                                      path(name) + dumped + " and is not whole"
                                : "2 of 6 images hold values that are not finite (NaN or "
                                  "infinity), the first of seed 2; " +
                                      path(name) + dumped + " and is not whole");
    const auto verified = run("uvic-fid verify --count 0 " + path(name));
    EXPECT_EQ(verified.code, name == "dump" ? 1 : 2) << verified.err;
    EXPECT_NE(verified.err.find("seeds 2,6 give values that are not finite"), std::string::npos)
        << verified.err;
    for (const std::string& sides : {path(name) + " elsewhere.npz", "elsewhere.npz " + path(name)})
      testing::expect_usage_error("uvic-fid score --features none.pt " + sides,
                                  name + ": is not whole: seeds 2,6 give values that are not finite");
    testing::expect_usage_error("uvic-fid stats --features none.pt --out " + path("x.npz") + " " + path(name),
                                name + ": is not whole: seeds 2,6 give values that are not finite");
  }
}

}  // namespace
}  // namespace uvic
