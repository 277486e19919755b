#include "core/seeds.h"

#include <ATen/CPUGeneratorImpl.h>

#include <charconv>

#include "core/errors.h"

namespace uvic {
namespace {

// Limits a slip such as 0-10000000000 before it asks for the memory.
constexpr size_t kMaxSeeds = 100'000'000;

int64_t parse_seed(std::string_view text, const std::string& whole) {
  int64_t seed = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  check_usage(error == std::errc{} && end == text.data() + text.size() && seed >= 0 && seed <= kMaxImageSeed,
              "--seeds '", whole, "': '", std::string(text),
              "' is not a seed; write whole numbers from 0 to 4294967295 as 0-99, or 5,6,1007");
  return seed;
}

}  // namespace

std::vector<int64_t> parse_seeds(const std::string& text) {
  std::vector<int64_t> seeds;
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view part(text.data() + begin, end - begin);
    const size_t dash = part.find('-', 1);
    if (dash == std::string_view::npos) {
      seeds.push_back(parse_seed(part, text));
    } else {
      const int64_t first = parse_seed(part.substr(0, dash), text),
                    last = parse_seed(part.substr(dash + 1), text);
      check_usage(first <= last, "--seeds '", text, "': ", first, "-", last, " runs backwards");
      check_usage(seeds.size() + size_t(last - first) < kMaxSeeds, "--seeds '", text, "': over ", kMaxSeeds,
                  " seeds");
      for (int64_t seed = first; seed <= last; ++seed) seeds.push_back(seed);
    }
    begin = end + 1;
  }
  return seeds;
}

std::string seeds_text(const std::vector<int64_t>& seeds) {
  std::string text;
  for (size_t i = 0; i < seeds.size();) {
    size_t j = i;
    while (j + 1 < seeds.size() && seeds[j + 1] == seeds[j] + 1) ++j;
    if (!text.empty()) text += ",";
    text += std::to_string(seeds[i]);
    if (j > i) text += "-" + std::to_string(seeds[j]);
    i = j + 1;
  }
  return text;
}

at::Generator image_generator(int64_t seed) {
  return at::make_generator<at::CPUGeneratorImpl>(static_cast<uint64_t>(seed));
}

}  // namespace uvic
