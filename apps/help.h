// The options of a program as CLI11 knows them, for --help, man pages and shell completion: one description,
// from which all of these come.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "examples.h"

namespace uvic {

struct HelpOption {
  std::vector<std::string> names;  ///< "-h", "--help"; of what stands by its place alone "RUN"
  std::string value;               ///< "N", "FILE", "fp32|bf16"; empty for a flag
  std::string text;                ///< what it does, then default, range, and what it does not go with
  std::vector<std::string> choices = {};
  bool positional = false, required = false, repeated = false;
};

struct HelpGroup {
  std::string title;
  std::vector<HelpOption> options;
};

struct HelpPage {
  std::string program;  ///< "uvic-fid", "uvic-fid dump"
  std::string summary;
  std::vector<HelpGroup> groups;
  std::vector<HelpPage> commands = {};
  std::vector<Example> examples = {};
  std::string notes = {};  ///< CLI11's footer: a paragraph a line, of their own words

  std::vector<HelpOption> options() const;  ///< of all groups, those by their place first
};

/// By purpose: what stands by its place, then the groups in the order in which they were added, then the
/// configuration, the machine, and help itself.
HelpPage help_page(const CLI::App& app);

/// Wrapped to `columns`.
std::string help_text(const HelpPage& page, size_t columns);
/// Of the program with all its commands, in the man macros.
std::string man_page(const HelpPage& page, const std::string& version);
std::string bash_completion(const HelpPage& page);
std::string zsh_completion(const HelpPage& page);

/// How wide --help is: COLUMNS, the terminal, or 100 where it is none; 40 to 120.
size_t help_columns();

/// Writes man/man1/PROGRAM.1, bash-completion/completions/PROGRAM and zsh/site-functions/_PROGRAM into
/// `folder`.
void write_help_files(const HelpPage& page, const std::string& version, const std::string& folder);

/// For --help.
class HelpFormatter : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
};

}  // namespace uvic
