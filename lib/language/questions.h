// The file of a multiple-choice task.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace uvic {

struct Question {
  std::string name;  ///< "F, line 12", for messages
  std::string context;
  std::vector<std::string> choices;
  int64_t answer = 0;  ///< which choice, from 0
};

/// Reads JSON lines {"context": "...", "choices": ["...", ...], "answer": 0}; other keys are passed over.
/// UsageError, with the line and for bad JSON the column, for anything else, a single or an empty choice, an
/// answer that is none of them, and a file without questions.
std::vector<Question> read_questions(const std::filesystem::path& path);

}  // namespace uvic
