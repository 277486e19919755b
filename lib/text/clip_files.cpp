#include "text/clip_files.h"

#include <algorithm>
#include <optional>

#include "core/errors.h"
#include "io/digests.h"
#include "io/gzip.h"
#include "io/json_text.h"
#include "io/read_file.h"
#include "text/byte_symbols.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr auto kStart = "<|startoftext|>", kEnd = "<|endoftext|>";
constexpr size_t kOpenAiTokens = 49152;  // of the size that they asked for, special ones and bytes counted in

struct JsonFile {
  std::string name;
  Json json = Json::object();
};

JsonFile read_if_there(const fs::path& path) {
  JsonFile file{.name = path.string()};
  if (!fs::exists(path)) return file;
  file.json = parse_json(read_text(path), file.name);
  check_usage(file.json.is_object(), file.name, ": must be an object, is ", json_kind(file.json));
  return file;
}

// "x" or {"content": "x"}; nullopt: there is none of that key.
std::optional<SpecialToken> token_at(const JsonFile& file, const Json& parent, const std::string& key,
                                     const BpeFiles& files) {
  const auto found = parent.find(key);
  if (found == parent.end() || found->is_null()) return std::nullopt;
  const Json& text = found->is_object() ? found->value("content", Json()) : *found;
  check_usage(text.is_string(), file.name, ": ", key, " must be a token, is ", json_kind(*found));
  SpecialToken token{.text = text.get<std::string>()};
  token.number = files.number(token.text);
  check_usage(token.number >= 0 && !token.text.empty(), file.name, ": ", key, " \"", token.text,
              "\" is not in the vocabulary");
  return token;
}

void add_token(BpeFiles& files, const std::string& token) {
  files.numbers.emplace(token, int32_t(files.tokens.size()));
  files.tokens.push_back(token);
  files.made.push_back(false);
}

void add_bytes(BpeFiles& files, const std::string& ending) {
  const auto& symbols = byte_symbols();
  for (const bool themselves : {true, false}) {  // those that stand for themselves come first
    for (size_t byte = 0; byte < symbols.size(); ++byte) {
      const bool itself = symbols[byte] < "\u0100";
      if (itself == themselves) add_token(files, symbols[byte] + ending);
    }
  }
}

}  // namespace

bool is_clip_vocabulary(const BpeFiles& files) {
  return files.number(std::string("a") + kClipWordEnd) >= 0;
}

ClipSpecials read_clip_specials(const fs::path& folder, const BpeFiles& files) {
  const JsonFile config = read_if_there(folder / "tokenizer_config.json"),
                 map = read_if_there(folder / "special_tokens_map.json");
  const auto added = config.json.find("added_tokens_decoder");
  const bool lists = added != config.json.end() && added->is_object();
  const auto token = [&](const char* key, const char* standard) {
    auto found = lists ? std::nullopt : token_at(map, map.json, key, files);
    if (!found) found = token_at(config, config.json, key, files);
    if (found) return *found;
    check_usage(files.number(standard) >= 0, folder.string(), ": the vocabulary has no ", standard);
    return SpecialToken{.text = standard, .number = files.number(standard)};
  };
  ClipSpecials specials{.bos = token("bos_token", kStart),
                        .eos = token("eos_token", kEnd),
                        .pad = token("pad_token", kEnd),
                        .others = {}};
  if (!lists) return specials;
  for (const auto& item : added->items()) {
    if (auto other = token_at(config, *added, item.key(), files))
      specials.others.push_back(std::move(*other));
  }
  return specials;
}

BpeFiles read_openai_vocabulary(const fs::path& path) {
  const std::string name = path.string(), bytes = read_text(path), text = gunzipped(bytes, name);
  BpeFiles files;
  add_bytes(files, "");
  add_bytes(files, kClipWordEnd);
  std::string rules = "#version";  // in place of the first line
  size_t at = text.find('\n');
  for (size_t left = kOpenAiTokens - 256 - 2; left > 0 && at < text.size(); --left) {
    const std::string rule = text.substr(at + 1, text.find('\n', at + 1) - at - 1);
    const size_t blank = rule.find(' ');
    if (blank != std::string::npos) add_token(files, rule.substr(0, blank) + rule.substr(blank + 1));
    rules += "\n" + rule;
    at += 1 + rule.size();
  }
  read_bpe_merges(rules, name, files);
  for (const char* special : {kStart, kEnd}) add_token(files, special);
  Sha256 hash;
  hash.add(bytes);
  files.fingerprint = hash.hex();
  return files;
}

fs::path find_openai_vocabulary(const fs::path& folder) {
  const fs::path path = folder / "bpe_simple_vocab_16e6.txt.gz";
  return fs::exists(path) ? path : fs::path();
}

}  // namespace uvic
