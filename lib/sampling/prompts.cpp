#include "sampling/prompts.h"

#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "io/digests.h"
#include "io/json_text.h"
#include "io/read_file.h"
#include "io/unicode.h"
#include "sampling/record.h"

namespace uvic {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(std::move(line));
    begin = end + 1;
  }
  return lines;
}

}  // namespace

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

std::vector<std::string> read_prompts(const std::string& option, const std::string& file) {
  const std::string text = read_text(file), name = option + " " + file;
  std::vector<std::string> prompts;
  if (file.ends_with(".json")) {
    try {
      parse_json(text, name).get_to(prompts);
    } catch (const nlohmann::json::exception&) {
      usage_error(name, ": must be a list of texts");
    }
  } else {
    prompts = lines_of(text);
  }
  check_usage(!prompts.empty(), name, ": holds no prompt");
  return prompts;
}

}  // namespace uvic
