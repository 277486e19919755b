// The rooms' direction: no file includes a room that the README's picture has no way to.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <regex>
#include <set>

#include "support/support.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using Rooms = std::map<std::string, std::set<std::string>>;

const fs::path kSource = UVIC_SOURCE;

std::vector<std::smatch> all_matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  return {std::sregex_iterator(text.begin(), text.end(), regex), std::sregex_iterator()};
}

/// room -> where its arrows lead, directly.
Rooms picture() {
  const std::string readme = testing::read_bytes(kSource / "README.md");
  const size_t begin = readme.find("```mermaid"), end = readme.find("```", begin + 3);
  const std::string graph = readme.substr(begin, end - begin);
  Rooms arrows;
  for (const auto& match : all_matches(graph, "  ([a-z]+) --> ([a-z]+)\n")) {
    arrows[match[1]].insert(match[2]);
    arrows[match[2]];
  }
  return arrows;
}

/// All that can be reached from `room`.
std::set<std::string> below(const Rooms& arrows, const std::string& room) {
  std::set<std::string> found;
  const std::function<void(const std::string&)> visit = [&](const std::string& from) {
    for (const auto& to : arrows.at(from)) {
      if (found.insert(to).second) visit(to);
    }
  };
  visit(room);
  return found;
}

fs::path folder_of(const std::string& room) {
  return room == "kernels" || room == "apps" ? kSource / room : kSource / "lib" / room;
}

TEST(Rooms, IncludeOnlyDownwards) {
  const Rooms arrows = picture();
  int seen = 0;
  for (const auto& [room, ignored] : arrows) {
    const auto allowed = below(arrows, room);
    EXPECT_FALSE(allowed.contains(room)) << room << " lies below itself";
    for (const auto& entry : fs::recursive_directory_iterator(folder_of(room))) {
      if (!entry.is_regular_file()) continue;
      const std::string text = testing::read_bytes(entry.path());
      for (const auto& match : all_matches(text, "#include \"([a-z]+)/")) {
        ++seen;
        EXPECT_TRUE(match[1] == room || allowed.contains(match[1]))
            << entry.path() << " includes " << match[1];
      }
    }
  }
  EXPECT_GT(seen, 500);
}

TEST(Rooms, AreAllInThePicture) {
  const Rooms arrows = picture();
  for (const auto& entry : fs::directory_iterator(kSource / "lib")) {
    const std::string name = entry.path().filename();
    EXPECT_TRUE(!entry.is_directory() || name == "cmake" || arrows.contains(name)) << name;
  }
  for (const auto& [room, ignored] : arrows) EXPECT_TRUE(fs::is_directory(folder_of(room))) << room;
}

}  // namespace
}  // namespace uvic
