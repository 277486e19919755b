#include "inspect/text_table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace uvic {

TextTable::TextTable(std::vector<std::string> header, size_t left) : left_(left) {
  rows_.push_back(std::move(header));
}

std::string TextTable::text() const {
  std::vector<size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(widths[i] - row[i].size(), ' ');
      if (i > 0) line += "  ";
      line += i < left_ ? row[i] + blanks : blanks + row[i];
    }
    while (line.ends_with(' ')) line.pop_back();
    text += line + "\n";
  }
  return text;
}

std::string cell(double value) {
  if (std::isnan(value)) return "-";
  char text[32];
  const double size = std::abs(value);
  const char* format = size != 0 && size < 0.0005 ? "%.1e"
                       : size < 10                ? "%.3f"
                       : size < 1000              ? "%.1f"
                                                  : "%.0f";
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string level_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

std::string cell(double value, double error) {
  return std::isnan(error) ? cell(value) : cell(value) + " +- " + cell(error);
}

}  // namespace uvic
