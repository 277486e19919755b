#include "sampling/prompts.h"

#include "io/digests.h"
#include "sampling/record.h"

namespace uvic {

std::vector<std::string> Prompts::of(const std::vector<int64_t>& seeds) const {
  std::vector<std::string> chosen;
  for (const int64_t seed : seeds) chosen.push_back(of(seed));
  return chosen;
}

std::string Prompts::sha256() const {
  if (empty()) return "";
  Sha256 hash;
  for (const std::string& text : texts) hash.add(text + '\0');
  return hash.hex();
}

std::string Prompts::options() const {
  std::string text;
  for (const std::string& prompt : texts) text += " --prompt " + shell_quote(prompt);
  if (!negative.empty()) text += " --negative-prompt " + shell_quote(negative);
  return text;
}

}  // namespace uvic
