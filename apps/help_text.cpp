#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "core/environment.h"
#include "core/parse.h"
#include "core/terminal.h"
#include "core/text.h"
#include "help.h"

namespace uvic {
namespace {

// Where descriptions begin; the names of longer ones have a line of their own.
constexpr size_t kColumn = 28;

// Words; an option's name with the one before it, so that no line begins with what it does not describe.
std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) {
    const bool after_word = !words.empty() && words.back().find("--") == std::string::npos;
    if (after_word && word.starts_with("--")) {
      words.back() += " " + word;
    } else {
      words.push_back(word);
    }
  }
  return words;
}

// Lines of at most `columns`, all but the first indented; `at`: columns of the first that are taken.
std::string wrapped(const std::string& text, size_t at, size_t indent, size_t columns) {
  std::string lines;
  bool first = true;
  for (const std::string& word : words_of(text)) {
    if (!first && at + 1 + word.size() > columns) {
      lines += "\n" + std::string(indent, ' ');
      at = indent;
    } else if (!first) {
      lines += " ";
      ++at;
    }
    lines += word;
    at += word.size();
    first = false;
  }
  return lines;
}

// A line each, those that begin with blanks indented.
std::string paragraphs(const std::string& text, size_t columns) {
  std::istringstream stream(text);
  std::string all;
  for (std::string line; std::getline(stream, line);) {
    const size_t blanks = std::min(line.find_first_not_of(' '), line.size());
    all += std::string(blanks, ' ') + wrapped(line, blanks, 2 * blanks, columns) + "\n";
  }
  return all;
}

std::string entry(const std::string& head, const std::string& text, size_t columns) {
  const size_t column = std::min(kColumn, columns / 3);
  std::string lines = "  " + head;
  if (lines.size() + 2 > column) {
    lines += "\n" + std::string(column, ' ');
  } else {
    lines.resize(column, ' ');
  }
  return lines + wrapped(text, column, column, columns) + "\n";
}

std::string head_of(const HelpOption& option) {
  std::string head = join(option.names, ", ");
  if (!option.value.empty()) head += " " + option.value;
  return option.repeated ? head + " ..." : head;
}

std::string usage_of(const HelpPage& page) {
  std::string usage = page.program;
  if (!page.commands.empty()) usage += " COMMAND";
  for (const HelpOption& option : page.options()) {
    if (!option.positional) continue;
    const std::string name = option.names.front() + (option.repeated ? "..." : "");
    usage += option.required ? " " + name : " [" + name + "]";
  }
  for (const HelpOption& option : page.options()) {
    if (option.required && !option.positional) usage += " " + option.names.back() + " " + option.value;
  }
  return usage + " [options]";
}

std::string with_capital(std::string text) {
  if (!text.empty()) text[0] = char(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

}  // namespace

std::string help_text(const HelpPage& page, size_t columns) {
  std::string text = wrapped(with_capital(page.summary), 0, 0, columns) + "\n\n";
  text += "Usage: " + wrapped(usage_of(page), 7, 9, columns) + "\n";
  if (!page.commands.empty()) {
    text += "\nCommands:\n";
    for (const HelpPage& command : page.commands)
      text += entry(command.program.substr(page.program.size() + 1), command.summary, columns);
    text += "\n" + wrapped("`" + page.program + " COMMAND --help` lists the options of one.", 0, 0, columns) +
            "\n";
  }
  for (const HelpGroup& group : page.groups) {
    text += "\n" + group.title + ":\n";
    for (const HelpOption& option : group.options) text += entry(head_of(option), option.text, columns);
  }
  if (!page.notes.empty()) text += "\n" + paragraphs(page.notes, columns);
  if (!page.examples.empty()) text += "\nExamples:\n";
  for (const Example& example : page.examples) {
    if (!example.what.empty()) text += "  # " + wrapped(example.what, 4, 4, columns) + "\n";
    text += "  " + example.command + "\n";
  }
  return text;
}

size_t help_columns() {
  int64_t given = 0;
  const bool says = parse_value(environment("COLUMNS").value_or(""), given) && given > 0;
  return std::clamp<size_t>(says ? size_t(given) : terminal_columns(STDOUT_FILENO, 100), 40, 120);
}

}  // namespace uvic
