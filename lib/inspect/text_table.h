// Columns of text for a terminal.
#pragma once
#include <string>
#include <vector>

namespace uvic {

/// Columns as wide as their widest cell; all but the first `left` are flush right.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header, size_t left = 1);
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  /// A line each, with line ends.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  size_t left_;
};

/// "0.123", "12.3", "0.00012" -> "1.2e-04": four significant places; "-" for NaN.
std::string cell(double value);
/// "0.1", "0.0842", "999": without zeros at the end, three significant places.
std::string level_text(double value);
/// "0.123 +- 0.004".
std::string cell(double value, double error);

}  // namespace uvic
