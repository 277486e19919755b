#include "data/check/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/text.h"
#include "text/utf8.h"

namespace uvic {
namespace {

constexpr size_t kWidest = 160;

/// An item on a line: of a long one, such as a group of a thousand copies, the beginning.
std::string on_a_line(const std::string& item) {
  if (item.size() <= kWidest) return item;
  const std::string start = item.substr(0, kWidest);
  return start.substr(0, start.size() - cut_short_at_end(start)) + " ...";
}

}  // namespace

std::string to_text(const CheckReport& report, size_t most) {
  std::ostringstream text;
  text << report.name << ": " << report.kind << "\n";
  size_t width = 0;
  for (const auto& [name, value] : report.facts) width = std::max(width, name.size());
  for (const auto& [name, value] : report.facts)
    text << "  " << name << std::string(width + 2 - name.size(), ' ') << value << "\n";
  for (const CheckFinding& finding : report.findings) {
    text << "\n" << finding.what << "\n";
    if (!finding.training.empty()) text << "  -> " << finding.training << "\n";
    for (size_t i = 0; i < std::min(most, finding.items.size()); ++i)
      text << "  " << on_a_line(finding.items[i]) << "\n";
    if (finding.items.size() > most) text << "  and " << finding.items.size() - most << " more\n";
  }
  text << "\n"
       << (report.findings.empty() ? "nothing to mend"
                                   : count_of(report.findings.size(), "kind") + " of things to look at")
       << "\n";
  return text.str();
}

std::string to_json(const CheckReport& report) {
  nlohmann::ordered_json json = {{"set", report.name}, {"kind", report.kind}, {"images", report.images}};
  json["facts"] = nlohmann::ordered_json::object();
  for (const auto& [name, value] : report.facts) json["facts"][name] = value;
  json["findings"] = nlohmann::ordered_json::array();
  for (const auto& [key, what, training, items] : report.findings)
    json["findings"].push_back({{"key", key}, {"what", what}, {"training", training}, {"items", items}});
  return json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace uvic
