#include "data/folder.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/errors.h"
#include "core/log.h"
#include "data/listing.h"
#include "data/loader.h"
#include "support/image_files.h"

namespace uvic {
namespace {

using namespace uvic::testing;
namespace fs = std::filesystem;

const ImageShape kShape = {3, 16, 16};

class Folder : public ::testing::Test {
 protected:
  void image(const std::string& name, int height = 20, int width = 24, int salt = 0) const {
    write_image(folder_ / name, picture(height, width, salt));
  }
  void text(const std::string& name, const std::string& bytes) const {
    fs::create_directories((folder_ / name).parent_path());
    write_bytes(folder_ / name, bytes);
  }
  ImageListing list() const { return list_images(*open_folder_source(folder_.path())); }
  void refuse(const std::string& message) const {
    EXPECT_THROW_WITH(list_images(*open_folder_source(folder_.path())), UsageError, message);
  }
  DataOptions options() const {
    DataOptions options;
    options.kind = "folder";
    options.path = folder_.path().string();
    options.random_flip = "false";
    return options;
  }
  /// What opening the folder says on stderr.
  std::string said(const DataOptions& options) const {
    ::testing::internal::CaptureStderr();
    open_folder(options.path, options, kShape);
    return ::testing::internal::GetCapturedStderr();
  }
  TemporaryDirectory folder_;
};

TEST_F(Folder, ClassesAreTheFirstSubdirectories) {
  image("cats/b.png");
  image("cats/old/a.png");
  image("ants/c.jpg");
  image("dogs/deep/er/d.BMP");
  const auto listing = list();
  EXPECT_EQ(listing.files,
            (std::vector<std::string>{"ants/c.jpg", "cats/b.png", "cats/old/a.png", "dogs/deep/er/d.BMP"}));
  EXPECT_EQ(listing.labels, (std::vector<int64_t>{0, 1, 1, 2}));
  EXPECT_EQ(listing.num_classes, 3);
  EXPECT_EQ(listing.class_names, (std::vector<std::string>{"ants", "cats", "dogs"}));
}

TEST_F(Folder, ImagesOutsideFoldersHaveNoClass) {
  image("a.png");
  image("x/b.png");
  EXPECT_EQ(list().num_classes, 0);
  EXPECT_TRUE(list().labels.empty());
  EXPECT_EQ(list().labels_from, "a.png lies outside any class folder");
}

TEST_F(Folder, LabelsFromCsv) {
  image("a.png");
  image("x/b, with a comma.png");
  text("labels.csv",
       "\xEF\xBB\xBF"
       "file,label\r\na.png,7\r\n\"x/b, with a comma.png\", 2\r\n\r\n");
  EXPECT_EQ(list().labels, (std::vector<int64_t>{7, 2}));
  EXPECT_EQ(list().num_classes, 8);
  text("labels.csv", "a.png,zebra\n./x/b, with a comma.png,ant\n");  // names, no titles
  EXPECT_EQ(list().labels, (std::vector<int64_t>{1, 0}));
  EXPECT_EQ(list().class_names, (std::vector<std::string>{"ant", "zebra"}));
}

TEST_F(Folder, CsvFieldsAreQuotedAndNumbersAreNumbers) {
  image("a.png");
  image("b,c.png");
  text("labels.csv", "file,label\n\"a.png\",\"cats, \"\"big\"\"\"\nb,c.png,\"cats\"\n");
  EXPECT_EQ(list().class_names, (std::vector<std::string>{"cats", "cats, \"big\""}));
  EXPECT_EQ(list().labels, (std::vector<int64_t>{1, 0}));
  text("labels.csv", "file.name,label\na.png,1.0\n\"b,c.png\",0\n");
  EXPECT_EQ(list().labels, (std::vector<int64_t>{1, 0}));
  EXPECT_TRUE(list().class_names.empty());
  text("labels.csv", "a.png,class10\n\"b,c.png\",class9\n");
  EXPECT_EQ(list().labels, (std::vector<int64_t>{1, 0}));
  EXPECT_TRUE(list().warnings.empty());
  text("labels.csv", "a.png,1\n\"b,c.png\",cat\n");
  EXPECT_EQ(list().class_names, (std::vector<std::string>{"1", "cat"}));
  ASSERT_EQ(list().warnings.size(), 1U);
  EXPECT_NE(list().warnings[0].find("labels are names and numbers mixed ('cat' at "), std::string::npos);
}

TEST_F(Folder, LabelFilesMatchNamesInAnyUnicodeForm) {
  image("x/e\xCC\x81.png");
  text("labels.csv", "x/\xC3\xA9.png,3\n");
  EXPECT_EQ(list().labels, (std::vector<int64_t>{3}));
  fs::remove(folder_ / "labels.csv");
  text("dataset.json", "{\"labels\": [[\"x/\xC3\xA9.png\", \"cat\"]]}");
  EXPECT_EQ(list().labels, (std::vector<int64_t>{0}));
}

TEST_F(Folder, LabelFilesThatMissAFileSayWhichIsNear) {
  image("a/1.JPG");
  const auto csv = [&](const std::string& bytes, const std::string& message) {
    text("labels.csv", bytes);
    refuse((folder_ / "labels.csv").string() + message);
  };
  csv("a/1.jpg,0\n", ":1: a/1.jpg: there is no such image; there is a/1.JPG");
  csv("a/1.png,0\n", ":1: a/1.png: there is no such image; there is a/1.JPG");
  csv("1.JPG,0\n2.JPG,0\n",
      ":1: 1.JPG: there is no such image; there is a/1.JPG (and 1 more labels without an image)");
  text("a/2.gif", "GIF89a");
  csv("a/1.JPG,0\na/2.gif,0\n", ":2: a/2.gif: is not one of the kinds of image that are read");
}

TEST_F(Folder, LabelsFromEdmsJson) {
  image("00000/img0.png");
  image("00001/img1.png");
  text("dataset.json", R"({"labels": [["00001/img1.png", 4], ["00000\\img0.png", 3]]})");
  EXPECT_EQ(list().labels, (std::vector<int64_t>{3, 4}));
  EXPECT_EQ(list().num_classes, 5);
  text("dataset.json", R"({"labels": null})");
  EXPECT_EQ(list().num_classes, 0);
}

TEST_F(Folder, NamesWhatIsWrongWithLabels) {
  refuse("no images here or below");
  image("a.png");
  image("b.png");
  const auto csv = [&](const std::string& bytes, const std::string& message) {
    text("labels.csv", bytes);
    refuse((folder_ / "labels.csv").string() + message);
  };
  csv("a.png,1\n", ": has no label for b.png");
  csv("", ": has no label for a.png and 1 other image");
  csv("a.png,1\nb.png,2\nc.png,3\n", ":3: c.png: there is no such image");
  csv("a.png,1\nb.png\n", ":2: must be file,label");
  csv("a.png;1\nb.png;2\n", ":1: must be file,label; this line has no comma, but tabs or semicolons");
  csv("a.png,1\nb.png,\n", ":2: no label after the comma");
  csv("a.png,1\nb.png,1\na.png,1\n", ":3: a.png is there twice");
  csv("a.png,1\nb.png,-1\n", ":2: label -1: must be a whole number from 0 to 999999, or every label a name");
  csv("a.png,1e12\nb.png,1\n", ":1: label 1e12: must be a whole number");
  csv(std::string("\xFF\xFE"
                  "a\0",
                  4),
      ": is UTF-16 text; save it as UTF-8");
  text("dataset.json", "{}");
  refuse("holds both dataset.json and labels.csv; keep one");
  fs::remove(folder_ / "labels.csv");
  refuse("dataset.json: must be a JSON object with \"labels\"");
  text("dataset.json", R"({"labels": [["a.png", 0], ["b.png", -1]]})");
  refuse("dataset.json: labels[1]: label -1: must be a whole number from 0 to 999999");
  const auto json = [&](const std::string& bytes, const std::string& message) {
    text("dataset.json", bytes);
    refuse((folder_ / "dataset.json").string() + ": " + message);
  };
  json("{\"labels\": [\n[\"a.png\", 0],\n]}", "not valid JSON, line 3, column 1: unexpected ']'");
  json("[[\"a.png\", 0]]",
       "must be a JSON object with \"labels\": [[file, number], ...] or null; it is a list of 1");
  json(R"({"labels": {"a.png": 0, "b.png": 1}})",
       "\"labels\" must be [[file, number], ...] or null; it is an object of 2 numbers");
  json(R"({"labels": [["a.png", [1, 0, 0]]]})",
       "labels[0]: the label is a list of 3 numbers; it must be [file, number]");
  json(R"({"labels": [["a.png", null]]})", "labels[0]: has no label (null)");
  json(R"({"labels": ["a.png"]})", "labels[0]: must be [file, number]; it is the text \"a.png\"");
  json(R"({"labels": [["a.png", 0.5], ["b.png", 1]]})", "labels[0]: label 0.5: must be a whole number");
  EXPECT_THROW_WITH(open_folder_source("/nowhere"), UsageError, "/nowhere: no such folder");
}

TEST_F(Folder, PassesOverOtherFilesAndCountsThem) {
  image("x/a.png");
  image("x/.hidden.png");
  for (const char* name : {"x/notes.txt", "x/more.TXT", "song.wav", "x/logo.svg", "README"})
    text(name, "hello");
  const std::string line = said(options());
  EXPECT_NE(
      line.find("passed over files that are no images: 1 hidden, 1 no extension, 1 svg, 2 txt, 1 wav\n"),
      std::string::npos)
      << line;
  EXPECT_EQ(list().files.size(), 1);
}

TEST_F(Folder, FollowsLinksOnce) {
  image("x/a.png");
  fs::create_directory_symlink(folder_.path(), folder_ / "x/loop");
  TemporaryDirectory elsewhere;
  write_image(elsewhere / "far.png", picture(9, 9));
  fs::create_directory_symlink(elsewhere.path(), folder_ / "y");
  EXPECT_EQ(list().files, (std::vector<std::string>{"x/a.png", "y/far.png"}));
}

TEST_F(Folder, GoldenFilesComeOutAsPillowPreparesThem) {
  DataOptions golden = options();
  golden.path = fixture("images/in").string();
  const auto set = open_folder(golden.path, golden, {3, 32, 32});
  EXPECT_EQ(set->size(), 14);
  std::map<std::string, at::Tensor> expected;
  for (const auto& [in, out] : golden_images()) expected[in.filename().string()] = read_rgb(out);
  int64_t i = 0;
  for (const std::string& name : list_images(*open_folder_source(golden.path)).files) {
    const at::Tensor image = set->image(i++);
    if (expected.contains(name)) {
      EXPECT_LE(max_abs_error(image, expected[name]), name == "exif8.jpg" ? 3 : 1) << name;
    } else {
      EXPECT_EQ(name, "rgb.bmp");
    }
  }
}

TEST_F(Folder, CountsWhatItUpsamples) {
  image("x/small.png", 9, 40);
  image("x/fits.png", 16, 16);
  const std::string line = said(options());
  EXPECT_NE(line.find("1 of 2 images are smaller than 16x16 and are upsampled"), std::string::npos) << line;
  EXPECT_EQ(open_folder(options().path, options(), kShape)->image(1).sizes(),
            (std::vector<int64_t>{3, 16, 16}));
}

TEST_F(Folder, EachFileThatIsNoImageIsNamedBeforeTraining) {
  image("x/good.png");
  text("x/empty.png", "");
  text("x/text.png", "just some text");
  const auto open = [&] { open_folder(options().path, options(), kShape); };
  EXPECT_THROW_WITH(open(), UsageError, (folder_ / "x/empty.png").string() + ": the file is empty");
  EXPECT_THROW_WITH(open(), UsageError, (folder_ / "x/text.png").string() + ": not a PNG");
  DataOptions skip = options();
  skip.on_error = "skip";
  const std::string line = said(skip);
  EXPECT_NE(line.find("skipped 2 of 3 images: "), std::string::npos) << line;
  EXPECT_NE(line.find("empty.png"), std::string::npos) << line;
  EXPECT_EQ(open_folder(skip.path, skip, kShape)->size(), 1);
  fs::remove(folder_ / "x/good.png");
  EXPECT_THROW_WITH(open_folder(skip.path, skip, kShape), UsageError, "none of the 2 images can be read");
}

TEST_F(Folder, TooLargeImagesAreNamedBeforeTraining) {
  image("x/good.png");
  image("x/large.png", 100, 60);
  DataOptions limited = options();
  limited.max_pixels = 5999;
  EXPECT_THROW_WITH(open_folder(limited.path, limited, kShape), UsageError,
                    (folder_ / "x/large.png").string() + ": too large: 60 x 100 pixels");
  limited.on_error = "skip";
  EXPECT_EQ(open_folder(limited.path, limited, kShape)->size(), 1);
  limited.max_pixels = 6000;
  EXPECT_EQ(open_folder(limited.path, limited, kShape)->image(1).size(1), 16);
}

TEST_F(Folder, NetpbmFilesAreImages) {
  image("a/0.ppm");
  text("a/1.pgm", "P2 1 1 255 7");
  text("b/2.pbm", "P1 1 1 1");
  text("b/3.PNM", "P2 1 1 255 7");
  text("b/4.pfm", "Pf 1 1 1\n" + std::string(4, '\0'));
  const auto set = open_folder(options().path, options(), kShape);
  ASSERT_EQ(set->size(), 5);
  EXPECT_EQ(set->num_classes(), 2);
  EXPECT_TRUE(set->image(3).eq(7).all().item<bool>());
  EXPECT_TRUE(set->image(4).eq(0).all().item<bool>());
}

TEST_F(Folder, TwelveBitsInSixteenAreHintedAt) {
  const auto deep = [&](const std::string& name, int value) {
    write_image(folder_ / name, cv::Mat(20, 20, CV_16UC1, cv::Scalar(value)));
  };
  const std::string hint = "of 16 bits none goes beyond ";
  image("x/plain.png");
  EXPECT_EQ(said(options()).find(hint), std::string::npos);
  deep("x/a.png", 4095);
  deep("x/b.tif", 3000);
  EXPECT_NE(said(options()).find("of 2 images " + hint +
                                 "4095 (12 bits): 65535 is white, so they come out nearly black"),
            std::string::npos)
      << said(options());
  deep("x/c.png", 4096);
  EXPECT_EQ(said(options()).find(hint), std::string::npos);
}

TEST_F(Folder, MasksOfClassNumbersAreHintedAt) {
  const auto flat = [&](const std::string& name, int value) {
    write_image(folder_ / name, cv::Mat(20, 20, CV_8UC1, cv::Scalar(value)));
  };
  flat("x/a.png", 0);
  flat("x/b.png", 3);
  EXPECT_NE(
      said(options()).find("of 2 images of 8 bits none goes beyond 3, as masks of class numbers do: 255 "
                           "is white, so they come out nearly black"),
      std::string::npos)
      << said(options());
  flat("x/c.png", 16);
  EXPECT_EQ(said(options()).find("none goes beyond"), std::string::npos);
}

TEST_F(Folder, FoldersOfTheSystemAreNoClasses) {
  image("cat/a.png");
  text("__MACOSX/cat/._a.png", {0, 5, 22, 7});
  image("@eaDir/thumb.png");
  image("cat/.ipynb_checkpoints/a-checkpoint.png");
  const std::string line = said(options());
  EXPECT_EQ(line.find("holds no images"), std::string::npos) << line;
  EXPECT_NE(line.find("passed over files that are no images: 3 hidden"), std::string::npos) << line;
  EXPECT_EQ(open_folder(options().path, options(), kShape)->class_names(), std::vector<std::string>{"cat"});
}

TEST_F(Folder, SaysOnceOfWhichFilesAPartIsTaken) {
  std::vector<uint8_t> jpeg;
  cv::imencode(".jpg", picture(20, 24), jpeg);
  image("x/whole.png");
  for (int i = 0; i < 7; ++i) text("x/" + std::to_string(i) + ".jpg", {jpeg.begin(), jpeg.end() - 2});
  const std::string line = said(options());
  EXPECT_NE(
      line.find(": x/0.jpg, x/1.jpg, x/2.jpg, x/3.jpg, x/4.jpg, and 2 more: its end marker is missing; every "
                "pixel is there\n"),
      std::string::npos)
      << line;
  ::testing::internal::CaptureStderr();
  open_folder(options().path, options(), kShape)->image(0);
  EXPECT_EQ(::testing::internal::GetCapturedStderr().find("end marker"), std::string::npos);
}

TEST_F(Folder, AFileThatFailsLaterIsNamedThenOrSkipped) {
  for (int i = 0; i < 6; ++i) image("x/" + std::to_string(i) + ".png", 20, 20, i);
  const std::string whole = read_bytes(folder_ / "x/3.png");
  std::string damaged = whole;
  damaged[whole.size() / 2] ^= 0x55;
  text("x/3.png", damaged);
  const auto set = open_folder(options().path, options(), kShape);
  DataLoader failing(set, options(), 1, whole_batches(6), 0, 1);
  EXPECT_THROW_WITH(failing.next(), UsageError, (folder_ / "x/3.png").string() + ": damaged");

  DataOptions skip = options();
  skip.on_error = "skip";
  ::testing::internal::CaptureStderr();
  DataLoader loader(set, skip, 1, whole_batches(6), 0, 3);
  for (int i = 0; i < 3; ++i) {
    const Batch batch = loader.next();
    int64_t stood_in = 0;
    for (int64_t j = 0; j < 6; ++j) {
      const at::Tensor fourth = set->image(4).to(at::kFloat) / 127.5 - 1;
      stood_in += at::equal(batch.images[j], fourth);
    }
    EXPECT_EQ(stood_in, 2);  // 4.png itself, and for 3.png
  }
  const std::string line = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(loader.unreadable(), 1);
  EXPECT_NE(line.find("skipped " + (folder_ / "x/3.png").string()), std::string::npos) << line;
  EXPECT_EQ(line.find("x/3.png"), line.rfind("x/3.png")) << "named once: " << line;
}

TEST_F(Folder, GreyNetworksGetGrey) {
  image("x/a.png");
  EXPECT_EQ(open_folder(options().path, options(), {1, 8, 8})->image(0).sizes(),
            (std::vector<int64_t>{1, 8, 8}));
  EXPECT_THROW_WITH(open_folder(options().path, options(), {4, 8, 8}), UsageError, "model.in_chans is 4");
}

TEST_F(Folder, CropBoxComesFirst) {
  cv::Mat wide(16, 48, CV_8UC3, cv::Scalar(0, 0, 0));
  wide(cv::Rect(32, 0, 16, 16)) = cv::Scalar(10, 20, 30);
  write_image(folder_ / "x/a.png", wide);
  DataOptions right = options();
  right.crop_box = {32, 0, 48, 16};
  const at::Tensor image = open_folder(right.path, right, kShape)->image(0);
  EXPECT_TRUE(image[0].eq(30).all().item<bool>());
  right.crop_box = {90, 0, 99, 16};
  EXPECT_THROW_WITH(open_folder(right.path, right, kShape)->image(0), UsageError,
                    "data.crop_box lies outside");
}

TEST_F(Folder, RandomCropsDependOnThePositionAlone) {
  for (int i = 0; i < 3; ++i) image("x/" + std::to_string(i) + ".png", 40, 70, i);
  DataOptions random = options();
  random.crop = "random";
  const auto set = open_folder(random.path, random, kShape);
  const auto batch = [&](int64_t workers, int64_t size, int64_t step) {
    random.workers = workers;
    return DataLoader(set, random, 5, whole_batches(size), step, step + 1).next().images;
  };
  EXPECT_TRUE(at::equal(batch(1, 6, 0), batch(3, 6, 0)));
  EXPECT_TRUE(at::equal(batch(1, 3, 1), batch(2, 6, 0).narrow(0, 3, 3)));
  // Two epochs show each image twice, cropped anew.
  EXPECT_FALSE(at::equal(std::get<0>(batch(1, 3, 0).sort(0)), std::get<0>(batch(1, 3, 1).sort(0))));
}

}  // namespace
}  // namespace uvic
