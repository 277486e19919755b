// `emoji_set FOLDER` writes FOLDER/train (pictures and metadata.jsonl), FOLDER/unseen (those that are held
// out) and the prompts that emoji_judge asks about: flags.txt (50 flags, seen), tones.txt and shapes.txt
// (unseen).
#include "tools/emoji_set.h"

#include <functional>
#include <iostream>

namespace {

using uvic::testing::Emoji;
namespace fs = std::filesystem;

constexpr size_t kFlags = 50;

void write_pictures(const std::vector<Emoji>& all, const fs::path& folder, bool held_out) {
  fs::create_directories(folder);
  std::ofstream captions(folder / "metadata.jsonl");
  for (const Emoji& one : all) {
    if (one.held_out != held_out) continue;
    cv::imwrite((folder / one.file).string(), one.picture);
    captions << nlohmann::json{{"file_name", one.file}, {"text", one.captions}}.dump() << "\n";
  }
}

void write_prompts(const std::vector<Emoji>& all, const fs::path& file,
                   const std::function<bool(const Emoji&)>& asked, size_t most) {
  std::vector<std::string> prompts;
  for (const Emoji& one : all) {
    if (asked(one)) prompts.push_back(one.captions.front());
  }
  std::ofstream out(file);
  most = std::min(most, prompts.size());
  for (size_t i = 0; i < most; ++i) out << prompts[i * prompts.size() / most] << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: emoji_set FOLDER\n";
    return 2;
  }
  try {
    const fs::path folder = argv[1];
    const auto all = uvic::testing::emoji();
    write_pictures(all, folder / "train", false);
    write_pictures(all, folder / "unseen", true);
    write_prompts(
        all, folder / "flags.txt",
        [](const Emoji& e) { return e.captions.size() == 2 && e.kind == Emoji::Kind::kFlag; }, kFlags);
    write_prompts(
        all, folder / "tones.txt", [](const Emoji& e) { return e.held_out && e.kind == Emoji::Kind::kTone; },
        all.size());
    write_prompts(
        all, folder / "shapes.txt", [](const Emoji& e) { return e.held_out && e.kind == Emoji::Kind::kFlag; },
        all.size());
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
}
