#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/word_pattern.h"

#include <c10/util/Exception.h>
#include <pcre2.h>

#include <array>

namespace uvic {
namespace {

std::string message_of(int code) {
  std::array<PCRE2_UCHAR, 128> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

}  // namespace

const char* const kGpt2Words = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{Z}\t-\r\x{85}\p{L}\p{N}]+)"
                               R"(|[\p{Z}\t-\r\x{85}]+(?![^\p{Z}\t-\r\x{85}])|[\p{Z}\t-\r\x{85}]+)";

void WordPattern::Free::operator()(pcre2_real_code_8* code) const {
  pcre2_code_free(code);
}

void WordPattern::Matcher::Free::operator()(pcre2_real_match_data_8* data) const {
  pcre2_match_data_free(data);
}

WordPattern::WordPattern(const std::string& pattern) {
  int error = 0;
  PCRE2_SIZE at = 0;
  code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                            PCRE2_UTF | PCRE2_UCP, &error, &at, nullptr));
  TORCH_CHECK(code_ != nullptr, "a pattern of words, at ", at, ": ", message_of(error));
  pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE);  // where it cannot, matching is slower
}

WordPattern::Matcher::Matcher(const WordPattern& pattern)
    : pattern_(pattern), data_(pcre2_match_data_create_from_pattern(pattern.code_.get(), nullptr)) {}

void WordPattern::Matcher::for_each(std::string_view text,
                                    const std::function<void(std::string_view)>& take) const {
  const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(data_.get());
  for (size_t at = 0; at < text.size();) {
    const int found = pcre2_match(pattern_.code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()),
                                  text.size(), at, PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, data_.get(), nullptr);
    if (found == PCRE2_ERROR_NOMATCH) return;
    TORCH_CHECK(found > 0, "matching words: ", message_of(found));
    take(text.substr(bounds[0], bounds[1] - bounds[0]));
    at = bounds[1];
  }
}

}  // namespace uvic
