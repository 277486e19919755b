// The rooms' direction: no file includes a room above its own.
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>

#include "support/support.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"kernels", {"kernels"}},
    {"core", {"core"}},
    {"io", {"io", "core"}},
    {"nn", {"nn", "kernels", "core"}},
    {"diffusion", {"diffusion", "nn", "core"}},
    {"data", {"data", "io", "core"}},
    {"metrics", {"metrics", "io", "core"}},
    {"sampling", {"sampling", "diffusion", "nn", "io", "core"}},
    {"train", {"train", "sampling", "metrics", "diffusion", "nn", "data", "io", "core"}},
};

TEST(Rooms, IncludeOnlyDownwards) {
  const fs::path source = UVIC_SOURCE;
  const std::regex include("#include \"([a-z]+)/");
  int seen = 0;
  for (const auto& [room, allowed] : kMayInclude) {
    for (const auto& entry :
         fs::recursive_directory_iterator(room == "kernels" ? source / room : source / "lib" / room)) {
      if (!entry.is_regular_file()) continue;
      const std::string text = testing::read_bytes(entry.path());
      for (auto it = std::sregex_iterator(text.begin(), text.end(), include); it != std::sregex_iterator();
           ++it) {
        ++seen;
        EXPECT_TRUE(allowed.contains((*it)[1])) << entry.path() << " includes " << (*it)[1];
      }
    }
  }
  EXPECT_GT(seen, 50);
  for (const auto& entry : fs::directory_iterator(source / "lib")) {
    const std::string name = entry.path().filename();
    EXPECT_TRUE(!entry.is_directory() || name == "cmake" || kMayInclude.contains(name))
        << "add " << name << " here";
  }
}

}  // namespace
}  // namespace uvic
