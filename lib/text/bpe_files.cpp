#include "text/bpe_files.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/errors.h"
#include "io/digests.h"
#include "io/json_text.h"
#include "io/read_file.h"
#include "text/byte_symbols.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

struct Names {
  const char *vocabulary, *merges;
};
constexpr std::array kNames = {Names{"vocab.json", "merges.txt"}, Names{"encoder.json", "vocab.bpe"}};
// The largest vocabularies have 2^18. Every number takes 32 bytes, whether or not a token has it.
constexpr int64_t kMostTokens = 1 << 20;

/// Both paths by that of one; the other lies beside it.
std::pair<fs::path, fs::path> both(const fs::path& either) {
  const fs::path folder = either.parent_path(), name = either.filename();
  for (const auto& [vocabulary, merges] : kNames) {
    if (name != vocabulary && name != merges) continue;
    for (const char* needed : {vocabulary, merges})
      check_usage(fs::exists(folder / needed), either.string(), ": ", needed, " must lie beside it");
    return {folder / vocabulary, folder / merges};
  }
  usage_error(either.string(), ": not vocab.json or merges.txt, the files of a byte-pair vocabulary");
}

void read_vocabulary(const std::string& text, const std::string& name, BpeFiles& files) {
  const auto json = parse_json(text, name);
  check_usage(json.is_object() && !json.empty(), name, ": must be an object of tokens and their numbers, is ",
              json_kind(json));
  for (const auto& item : json.items()) {
    const std::string& token = item.key();
    const auto& value = item.value();
    const auto quoted = [&] { return c10::str(name, ": token \"", token, "\": "); };
    check_usage(value.is_number_unsigned() && value.get<uint64_t>() < uint64_t(kMostTokens), quoted(),
                "its number is ", json_kind(value), ", not one of 0 to ", kMostTokens - 1);
    const auto number = value.get<int32_t>();
    check_usage(!token.empty(), quoted(), "is empty");
    if (size_t(number) >= files.tokens.size()) files.tokens.resize(size_t(number) + 1);
    std::string& place = files.tokens[size_t(number)];
    check_usage(place.empty(), quoted(), "its number ", number, " is that of \"", place, "\", too");
    place = token;
    files.numbers.emplace(token, number);
  }
}

}  // namespace

void read_bpe_merges(std::string_view text, const std::string& name, BpeFiles& files) {
  files.made.resize(files.tokens.size());
  for (int64_t line = 1; !text.empty(); ++line) {
    std::string_view rule = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(rule.size() + 1, text.size()));
    if (rule.ends_with('\r')) rule.remove_suffix(1);
    if (rule.empty() || (line == 1 && rule.starts_with("#version"))) continue;
    const size_t blank = rule.find(' ');
    check_usage(blank != std::string_view::npos && rule.find(' ', blank + 1) == std::string_view::npos, name,
                ", line ", line, ": not two tokens with one blank between them");
    const std::string left(rule.substr(0, blank)), right(rule.substr(blank + 1));
    const auto number = [&](const std::string& token) {
      const auto found = files.numbers.find(token);
      check_usage(found != files.numbers.end(), name, ", line ", line, ": \"", token,
                  "\" is not in the vocabulary; do the two files belong together?");
      return found->second;
    };
    const int32_t merged = number(left + right);
    check_usage(files.merges.add(number(left), number(right), merged), name, ", line ", line,
                ": the same pair stands in an earlier line");
    files.made[size_t(merged)] = true;
  }
  check_usage(files.merges.size() > 0, name, ": holds no merges");
}

BpeFiles read_bpe_files(const fs::path& either) {
  const auto [vocabulary, merges] = both(either);
  const std::string json = read_text(vocabulary), rules = read_text(merges);
  BpeFiles files;
  read_vocabulary(json, vocabulary.string(), files);
  read_bpe_merges(rules, merges.string(), files);
  Sha256 hash;
  for (const std::string* text : {&json, &rules}) {
    hash.add(c10::str(text->size(), "\n"));
    hash.add(*text);
  }
  files.fingerprint = hash.hex();
  return files;
}

int32_t BpeFiles::number(const std::string& token) const {
  const auto found = numbers.find(token);
  return found == numbers.end() ? -1 : found->second;
}

ByteTokens byte_tokens(const BpeFiles& files, const std::string& ending, const std::string& source) {
  ByteTokens tokens{};
  for (size_t byte = 0; byte < tokens.size(); ++byte) {
    const std::string symbol = byte_symbols()[byte] + ending;
    tokens[byte] = files.number(symbol);
    check_usage(tokens[byte] >= 0, source, ": the vocabulary has no token for byte ", byte, " (\"", symbol,
                "\"); is it a byte-level one?");
  }
  return tokens;
}

std::vector<std::string> byte_pieces(const BpeFiles& files, const std::string& source,
                                     const std::string& ending) {
  std::vector<std::string> pieces(files.tokens.size());
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (!files.made[i]) continue;
    std::string_view token = files.tokens[i];
    const bool ends = !ending.empty() && token.ends_with(ending);
    if (ends) token.remove_suffix(ending.size());
    const auto bytes = bytes_of_symbols(token);
    check_usage(bytes.has_value(), source, ": token \"", files.tokens[i],
                "\" is not written in the symbols of bytes; is it a byte-level vocabulary?");
    pieces[i] = ends ? *bytes + ' ' : *bytes;
  }
  const ByteTokens alone = byte_tokens(files, "", source), last = byte_tokens(files, ending, source);
  for (size_t byte = 0; byte < alone.size(); ++byte) {
    const std::string text(1, static_cast<char>(byte));
    pieces[size_t(alone[byte])] = text;
    if (!ending.empty()) pieces[size_t(last[byte])] = text + ' ';
  }
  return pieces;
}

fs::path find_bpe_vocabulary(const fs::path& folder) {
  for (const Names& names : kNames) {
    if (fs::exists(folder / names.vocabulary) || fs::exists(folder / names.merges))
      return folder / names.vocabulary;
  }
  return {};
}

}  // namespace uvic
