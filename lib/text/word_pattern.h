// A regular expression that parts text into words, by PCRE2 (with Unicode's categories).
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

struct pcre2_real_code_8;
struct pcre2_real_match_data_8;

namespace uvic {

/// GPT-2's: contractions' endings, runs of letters, of numbers and of the rest, each with the one blank
/// before it; white space otherwise, of which the last before a word stays with the word. White space is
/// Unicode's property, as it is for the `regex` module and for Rust (PCRE2's \s counts U+180E in).
extern const char* const kGpt2Words;

class WordPattern {
 public:
  explicit WordPattern(const std::string& pattern);

  /// What one thread needs to match.
  class Matcher {
   public:
    explicit Matcher(const WordPattern& pattern);
    /// Calls `take` for each match in turn; `text` must be UTF-8. What matches nothing is passed over.
    void for_each(std::string_view text, const std::function<void(std::string_view)>& take) const;

   private:
    struct Free {
      void operator()(pcre2_real_match_data_8* data) const;
    };
    const WordPattern& pattern_;
    std::unique_ptr<pcre2_real_match_data_8, Free> data_;
  };

 private:
  struct Free {
    void operator()(pcre2_real_code_8* code) const;
  };
  std::unique_ptr<pcre2_real_code_8, Free> code_;
};

}  // namespace uvic
