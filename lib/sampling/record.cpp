#include "sampling/record.h"

#include <c10/util/StringUtil.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/device.h"

namespace uvic {
namespace {

/// Removes the text from `begin` up to the next of `ends` (which stays).
void erase_between(std::string& text, const std::string& begin, const char* ends) {
  const size_t at = text.find(begin);
  if (at == std::string::npos) return;
  text.erase(at, text.find_first_of(ends, at + begin.size()) - at);
}

}  // namespace

std::string comparable_record(std::string record) {
  const size_t path = record.find(" --checkpoint "), weights = record.find(" --weights ");
  if (path < weights && weights != std::string::npos) record.erase(path, weights - path);
  for (const char* option : {" --set sample.batch_size=", " --threads ", " --device "}) {
    erase_between(record, option, " \"");
  }
  return record;
}

std::vector<std::string> prompts_in(const std::string& record) {
  const auto json = nlohmann::json::parse(record, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("prompts")) return {};
  try {
    return json.at("prompts").get<std::vector<std::string>>();
  } catch (const nlohmann::json::exception&) {
    return {};
  }
}

std::string shell_quote(const std::string& text) {
  constexpr auto kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=,:+@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string sample_record(const RecordInputs& inputs) {
  std::string command = c10::str("uvic-sample --checkpoint ", shell_quote(inputs.checkpoint.string()),
                                 " --weights ", inputs.weights, " --seeds ", inputs.seeds);
  if (!inputs.labels.empty()) command += " --labels " + shell_quote(inputs.labels);
  command += inputs.prompts.options();
  if (!inputs.layout.empty()) command += " " + inputs.layout;
  for (const FieldView& field : fields_of(inputs.sample)) {
    command += " --set " + shell_quote("sample." + field.key + "=" + value_text(field));
  }
  for (const std::string& assignment : inputs.overrides) command += " --set " + shell_quote(assignment);
  command += c10::str(" --threads ", inputs.threads, " --device ", inputs.device);
  std::array<char, 16> crc{};
  std::snprintf(crc.data(), crc.size(), "%08x", inputs.weights_crc);
  nlohmann::ordered_json record = {{"command", command}};
  if (!inputs.prompts.empty()) record["prompts"] = inputs.prompts.texts;
  record["evaluations"] = inputs.evaluations;
  record["weights_crc32"] = crc.data();
  record["version"] = version_number();
  return record.dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace uvic
