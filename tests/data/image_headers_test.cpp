#include "data/image_headers.h"

#include <gtest/gtest.h>

#include <fstream>
#include <opencv2/core.hpp>

#include "core/errors.h"
#include "data/folder.h"
#include "data/open.h"
#include "support/bytes_read.h"
#include "support/image_files.h"

namespace uvic {
namespace {

using namespace testing;
namespace fs = std::filesystem;

class ImageHeaders : public ::testing::Test {
 protected:
  ImageHeaders() {
    for (const char* name : {"x/a.png", "x/b.png", "y/c.png"}) {
      write_image(folder_ / name, picture(20, 24));
      files_.emplace_back(name);
    }
    write_bytes(folder_ / "y/d.png", "just some text");
    files_.emplace_back("y/d.png");
  }
  std::vector<ImageVerdict> look() const {
    return read_image_headers(*open_folder_source(folder_.path()), files_, memory());
  }
  fs::path memory() const { return run_ / "headers.jsonl"; }
  /// Other bytes of the same number and time, which only a reader could tell.
  void replace_unseen(const std::string& name) const {
    const auto time = fs::last_write_time(folder_ / name);
    write_bytes(folder_ / name, std::string(fs::file_size(folder_ / name), '?'));
    fs::last_write_time(folder_ / name, time);
  }
  void expect_first_verdicts(const std::vector<ImageVerdict>& verdicts) const {
    ASSERT_EQ(verdicts.size(), 4U);
    for (size_t i = 0; i < 4; ++i) EXPECT_EQ(verdicts[i].bytes, int64_t(fs::file_size(folder_ / files_[i])));
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(verdicts[i].height, 20);
      EXPECT_EQ(verdicts[i].width, 24);
      EXPECT_EQ(verdicts[i].problem, "");
    }
    EXPECT_TRUE(verdicts[3].problem.starts_with("not a PNG")) << verdicts[3].problem;
  }
  TemporaryDirectory folder_, run_;
  std::vector<std::string> files_;
};

TEST_F(ImageHeaders, ASecondStartReadsNoFileThatHasNotChanged) {
  expect_first_verdicts(look());
  for (const std::string& name : files_) replace_unseen(name);
  const auto memory_bytes = int64_t(fs::file_size(memory()));
  std::vector<ImageVerdict> verdicts;
  EXPECT_LE(bytes_read([&] { verdicts = look(); }), memory_bytes + 500) << "500: to ask for this number";
  expect_first_verdicts(verdicts);

  fs::last_write_time(folder_ / "x/b.png", fs::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_NE(look()[1].problem, "") << "another time";
  write_bytes(folder_ / "y/c.png", "shorter");
  EXPECT_NE(look()[2].problem, "") << "another size";
  EXPECT_EQ(look()[0].problem, "");
}

TEST_F(ImageHeaders, WithoutAMemoryEveryFileIsRead) {
  read_image_headers(*open_folder_source(folder_.path()), files_);
  replace_unseen("x/a.png");
  EXPECT_NE(read_image_headers(*open_folder_source(folder_.path()), files_)[0].problem, "");
  EXPECT_TRUE(fs::is_empty(run_.path()));
}

TEST_F(ImageHeaders, MalformedAndStaleLinesArePassedOver) {
  expect_first_verdicts(look());
  const std::string whole = read_bytes(memory());
  for (const std::string& bytes :
       {std::string("{"), std::string(100, '\0'), whole.substr(0, whole.size() / 2),
        "[\"gone.png\",1,2,3,4,8,\"\",\"\"]\n" + whole}) {
    write_bytes(memory(), bytes);
    expect_first_verdicts(look());
    EXPECT_EQ(read_bytes(memory()), whole) << bytes;
  }
  write_bytes(memory(), "[]\n[\"x/a.png\"]\n[\"x/a.png\",\"1\",2,3,4,5]\n" + whole);
  replace_unseen("x/a.png");
  expect_first_verdicts(look());
}

// Of lines as an earlier version wrote them nothing is taken: it did not look for all that is looked for now.
TEST_F(ImageHeaders, LinesOfAnEarlierVersionAreNotMisread) {
  expect_first_verdicts(look());
  const std::string whole = read_bytes(memory());
  std::string earlier;
  for (const auto& verdict : look()) {
    earlier += c10::str("[\"", files_[size_t(std::count(earlier.begin(), earlier.end(), '\n'))], "\",",
                        verdict.bytes, ",", verdict.modified, ",7,7,\"\"]\n");
  }
  write_bytes(memory(), earlier);
  expect_first_verdicts(look());
  EXPECT_EQ(read_bytes(memory()), whole);
}

TEST_F(ImageHeaders, WhatShouldBeSaidIsRemembered) {
  std::vector<uint8_t> jpeg;
  cv::imencode(".jpg", picture(20, 24), jpeg);
  files_.emplace_back("y/e.jpg");
  write_bytes(folder_ / "y/e.jpg", {jpeg.begin(), jpeg.end() - 2});
  write_image(folder_ / "y/f.png", cv::Mat(20, 24, CV_16UC1, cv::Scalar(9)));
  files_.emplace_back("y/f.png");
  for (int i = 0; i < 2; ++i) {
    const auto verdicts = look();
    EXPECT_EQ(verdicts[4].note, "its end marker is missing; every pixel is there");
    EXPECT_EQ(verdicts[4].problem, "");
    EXPECT_EQ(verdicts[0].depth, 8);
    EXPECT_EQ(verdicts[5].depth, 16);
    replace_unseen("y/e.jpg");
  }
}

// The end of a file that is larger than what is read of it for its header.
TEST_F(ImageHeaders, TruncatedEndsAreSeen) {
  cv::Mat noise(200, 300, CV_8UC3);
  cv::randu(noise, 0, 256);
  for (const char* name :
       {"x/long.png", "x/long.jpg", "x/long.bmp", "x/long.tif", "x/long.webp", "x/long.ppm"}) {
    write_image(folder_ / name, noise);
    const std::string whole = read_bytes(folder_ / name);
    ASSERT_GT(whole.size(), 1U << 16) << name;
    const auto problem = [&] {
      return read_image_headers(*open_folder_source(folder_.path()), {name})[0].problem;
    };
    EXPECT_EQ(problem(), "") << name;
    for (const size_t kept : {whole.size() - 5, whole.size() - 2000, size_t{70000}}) {
      write_bytes(folder_ / name, whole.substr(0, kept));
      EXPECT_NE(problem(), "") << name << " cut to " << kept;
    }
    write_bytes(folder_ / name, whole + "something after the end");
    EXPECT_EQ(problem(), "") << name;
  }
}

TEST_F(ImageHeaders, TooLargeIsAProblemThatIsNotRemembered) {
  auto verdicts = look();
  refuse_too_large(verdicts, 480);
  EXPECT_EQ(verdicts[0].problem, "");
  refuse_too_large(verdicts, 0);
  EXPECT_EQ(verdicts[0].problem, "");
  refuse_too_large(verdicts, 479);
  EXPECT_EQ(verdicts[0].problem,
            "too large: 24 x 20 pixels (1.41 KiB once decoded), over data.max_pixels, 479");
  EXPECT_TRUE(verdicts[3].problem.starts_with("not a PNG"));
  EXPECT_EQ(look()[0].problem, "");
}

TEST_F(ImageHeaders, WhatCannotBeReadOrWrittenIsNotRemembered) {
  files_.emplace_back("y/dangling.png");
  fs::create_symlink(folder_ / "nowhere", folder_ / "y/dangling.png");
  EXPECT_EQ(look()[4].problem, "cannot read this file: No such file or directory");
  EXPECT_EQ(read_bytes(memory()).find("dangling"), std::string::npos);

  const auto said = [&](const fs::path& memory) {
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(read_image_headers(*open_folder_source(folder_.path()), files_, memory).size(), 5U);
    return ::testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(said(run_ / "absent/headers.jsonl"), "") << "a run that is yet to come";
  fs::create_directories(run_ / "folder/in the way");
  EXPECT_TRUE(said(run_ / "folder").starts_with("warning: cannot write " + (run_ / "folder").string()));
}

TEST_F(ImageHeaders, OfTheTwoFoldersOfARun) {
  DataOptions options;
  options.kind = "folder";
  options.path = options.val_path = folder_.path().string();
  options.on_error = "skip";
  const auto open = [&] { return open_data(options, {3, 16, 16}, run_.path()); };
  EXPECT_EQ(open().train->size(), 3);
  for (const std::string& name : files_) replace_unseen(name);
  EXPECT_EQ(open().train->size(), 3);
  EXPECT_EQ(open().validation->size(), 3);
  fs::remove(run_ / ".image-headers-val.jsonl");
  EXPECT_THROW_WITH(open(), UsageError, "none of the 4 images can be read");
}

}  // namespace
}  // namespace uvic
