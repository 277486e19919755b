#include <algorithm>
#include <sstream>

#include "core/errors.h"
#include "core/text.h"
#include "dist/world.h"

namespace uvic {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Those of `a` that `b` has not.
std::string missing(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::vector<std::string> found;
  for (const std::string& line : a) {
    if (std::find(b.begin(), b.end(), line) == b.end())
      found.push_back(line.substr(line.find_first_not_of(' ')));
  }
  return found.empty() ? "nothing of that" : join(found, ", ");
}

}  // namespace

void check_alike(const World& world, const std::string& what, const std::string& mine) {
  const auto all = world.texts(mine);
  for (size_t r = 1; r < all.size(); ++r) {
    check_usage(all[r] == all[0], "the processes differ in ", what, ": ", all[0], " on rank 0, ", all[r],
                " on rank ", r);
  }
}

void check_alike_lines(const World& world, const std::string& what, const std::string& mine) {
  const auto all = world.texts(mine);
  const auto first = lines_of(all[0]);
  for (size_t r = 1; r < all.size(); ++r) {
    const auto other = lines_of(all[r]);
    check_usage(all[r] == all[0], "the processes differ in ", what, ": ", missing(first, other),
                " on rank 0, ", missing(other, first), " on rank ", r);
  }
}

}  // namespace uvic
