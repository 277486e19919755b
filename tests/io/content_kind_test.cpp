#include "io/content_kind.h"

#include <gtest/gtest.h>

#include "core/errors.h"

namespace uvic {
namespace {

using std::string_literals::operator""s;

const std::string kPointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 131\n";

TEST(ContentKind, NamesWhatPeopleMistakeForImagesAndWeights) {
  const std::pair<std::string, std::string> expected[] = {
      {"", "an empty file"},
      {kPointer, "a Git LFS pointer, not the file itself (git lfs pull fetches it)"},
      {"GIF89a\1\0"s, "a GIF"},
      {"\0\0\0\x18"
       "ftypheic\0\0"s,
       "a HEIC image"},
      {"\0\0\0\x1c"
       "ftypavif"s,
       "an AVIF image"},
      {"\n <!DOCTYPE html><html>", "an HTML page"},
      {"\xEF\xBB\xBF<HTML lang=en>", "an HTML page"},
      {"<?xml version='1.0'?>\n<svg width='1'>", "an SVG drawing"},
      {"{\"error\": \"not found\"}", "a JSON file"},
      {"PK\3\4....", "a ZIP archive"},
      {"\x80\2}q"s, "a Python pickle"},
      {std::string(600, '\0'), "all zeros"},
      {"Access denied\n", "a text file"},
      {std::string(257, '\0') + "ustar", "a tar archive"},
      {"\1\2\xFE\4", ""},
  };
  for (const auto& [bytes, kind] : expected) EXPECT_EQ(content_kind(std::string_view(bytes)), kind);
}

TEST(ContentKind, RefusesAnLfsPointerByName) {
  try {
    refuse_lfs_pointer(kPointer, "w.safetensors");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "w.safetensors: this is a Git LFS pointer, not the file itself (git lfs pull fetches it)");
  }
  refuse_lfs_pointer("version 2", "w");
}

}  // namespace
}  // namespace uvic
