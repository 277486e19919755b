#include <sstream>

#include "core/text.h"
#include "help.h"
#include "io/atomic_file.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

// Text as troff takes it: a backslash, a minus that stays one, no dot at a line's beginning.
std::string roff(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else if (c == '`') {
      escaped += "\\(ga";
    } else {
      escaped += c;
    }
  }
  const bool request = escaped.starts_with('.') || escaped.starts_with('\'');
  return request ? "\\&" + escaped : escaped;
}

std::string upper_case(std::string text) {
  for (char& c : text) c = char(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string options_of(const HelpPage& page) {
  std::string text;
  for (const HelpGroup& group : page.groups) {
    text += ".SS " + roff(group.title) + "\n";
    for (const HelpOption& option : group.options) {
      std::string names;
      for (const std::string& name : option.names)
        names += (names.empty() ? "\\fB" : ", \\fB") + roff(name) + "\\fR";
      if (!option.value.empty()) names += " \\fI" + roff(option.value) + "\\fR";
      text += ".TP\n" + names + (option.repeated ? " ..." : "") + "\n" + roff(option.text) + "\n";
    }
  }
  return text;
}

// A paragraph a line.
std::string notes_of(const std::string& notes) {
  std::istringstream stream(notes);
  std::string text;
  for (std::string line; std::getline(stream, line);) text += ".PP\n" + roff(trimmed(line)) + "\n";
  return text;
}

void add_examples(const HelpPage& page, std::string& text) {
  for (const Example& example : page.examples) {
    if (!text.empty()) text += ".PP\n";
    if (!example.what.empty()) text += roff(example.what) + ":\n.PP\n";
    text += ".nf\n.RS\n" + roff(example.command) + "\n.RE\n.fi\n";
  }
  for (const HelpPage& command : page.commands) add_examples(command, text);
}

// As whatis(1) lists it: no sentence.
std::string in_a_line(std::string summary) {
  if (summary.ends_with('.')) summary.pop_back();
  if (!summary.empty()) summary[0] = char(std::tolower(static_cast<unsigned char>(summary[0])));
  return summary;
}

}  // namespace

std::string man_page(const HelpPage& page, const std::string& version) {
  const std::string name = roff(page.program);
  std::string text = ".TH " + upper_case(name) + " 1 \"\" \"U\\-ViC " + roff(version) + "\"\n";
  text += ".SH NAME\n" + name + " \\- " + roff(in_a_line(page.summary)) + "\n";
  text += ".SH SYNOPSIS\n\\fB" + name + "\\fR " + (page.commands.empty() ? "" : "\\fICOMMAND\\fR ") +
          "[\\fIoptions\\fR]\n";
  if (!page.commands.empty()) {
    text += ".SH COMMANDS\n";
    for (const HelpPage& command : page.commands)
      text += ".TP\n\\fB" + roff(command.program.substr(page.program.size() + 1)) + "\\fR\n" +
              roff(command.summary) + "\n";
  }
  text += ".SH OPTIONS\n" + options_of(page);
  for (const HelpPage& command : page.commands)
    text += ".SH " + upper_case(roff(command.program)) + "\n" + roff(command.summary) + "\n" +
            options_of(command);
  if (!page.notes.empty()) text += ".SH NOTES\n" + notes_of(page.notes);
  std::string examples;
  add_examples(page, examples);
  if (!examples.empty()) text += ".SH EXAMPLES\n" + examples;
  text +=
      ".SH EXIT STATUS\n"
      "0: done; 1: it failed while running; 2: the command line, the configuration or an input file is "
      "wrong; "
      "3: interrupted by a signal, what was reached is saved.\n";
  return text;
}

void write_help_files(const HelpPage& page, const std::string& version, const std::string& folder) {
  const auto write = [&](const fs::path& file, const std::string& text) {
    fs::create_directories((folder / file).parent_path());
    write_file_atomically(folder / file, text);
  };
  write("man/man1/" + page.program + ".1", man_page(page, version));
  write("bash-completion/completions/" + page.program, bash_completion(page));
  write("zsh/site-functions/_" + page.program, zsh_completion(page));
}

}  // namespace uvic
