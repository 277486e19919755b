#include "language/questions.h"

#include <sstream>

#include "core/errors.h"
#include "core/text.h"
#include "io/json_text.h"
#include "io/read_file.h"

namespace uvic {
namespace {

using Json = nlohmann::ordered_json;

const Json& member(const Json& line, const char* key, const std::string& name) {
  check_usage(line.contains(key), name, ": has no \"", key, "\"");
  return line.at(key);
}

std::string text_of(const Json& value, const std::string& what) {
  check_usage(value.is_string(), what, " must be a text, not ", json_kind(value));
  return value.get<std::string>();
}

Question question_of(const Json& line, const std::string& name) {
  check_usage(line.is_object(), name, ": must be an object with context, choices and answer, not ",
              json_kind(line));
  Question question{name, text_of(member(line, "context", name), name + ": context"), {}, 0};
  const Json& choices = member(line, "choices", name);
  check_usage(choices.is_array() && choices.size() > 1, name,
              ": choices must be a list of at least two texts, not ", json_kind(choices));
  for (const Json& choice : choices) {
    const std::string what = c10::str(name, ": choice ", question.choices.size());
    question.choices.push_back(text_of(choice, what));
    check_usage(!question.choices.back().empty(), what, " is empty");
  }
  const Json& answer = member(line, "answer", name);
  const auto last = int64_t(question.choices.size()) - 1;
  const bool whole = answer.is_number_integer();
  check_usage(whole && answer.get<int64_t>() >= 0 && answer.get<int64_t>() <= last, name,
              ": answer must be the number of a choice, 0 to ", last, ", not ", json_kind(answer));
  question.answer = answer.get<int64_t>();
  return question;
}

}  // namespace

std::vector<Question> read_questions(const std::filesystem::path& path) {
  std::istringstream lines(read_text(path));
  std::vector<Question> questions;
  int64_t number = 1;
  for (std::string line; std::getline(lines, line); ++number) {
    if (trimmed(line).empty()) continue;
    if (!Json::accept(line)) parse_json(std::string(size_t(number) - 1, '\n') + line, path.string());
    questions.push_back(question_of(Json::parse(line), c10::str(path.string(), ", line ", number)));
  }
  check_usage(!questions.empty(), path.string(), ": holds no questions");
  return questions;
}

}  // namespace uvic
