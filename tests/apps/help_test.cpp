// --help, man pages and completion files of every program: from one description.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <sstream>

#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_ok;
using testing::run;

const std::vector<std::string> kPrograms = {"uvic-train", "uvic-sample", "uvic-fid",     "uvic-convert",
                                            "uvic-data",  "uvic-lm",     "uvic-inspect", "uvic-report"};

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

constexpr size_t kColumns = 60;

// Asked for once: every process loads LibTorch.
const std::string& help(const std::string& command) {
  static std::map<std::string, std::string> known;
  auto [found, first] = known.try_emplace(command);
  if (first) {
    const auto result = run(c10::str("env COLUMNS=", kColumns, " LC_ALL=C TERM=dumb ", command, " --help"));
    expect_ok(result);
    found->second = result.out;
  }
  return found->second;
}

// Completions of a command line, whose last word may be empty, by bash itself.
std::vector<std::string> completed(const fs::path& folder, const std::vector<std::string>& words) {
  const std::string program = words.front();
  std::string script = ". " + (folder / "bash-completion/completions" / program).string() + "\nCOMP_WORDS=(";
  for (const std::string& word : words) script += "'" + word + "' ";
  script += ")\nCOMP_CWORD=" + std::to_string(words.size() - 1) + "\n_" +
            std::regex_replace(program, std::regex("-"), "_") + "\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
  testing::write_bytes(folder / "complete.sh", script);
  const auto result = run("bash " + (folder / "complete.sh").string());
  expect_ok(result);
  return lines_of(result.out);
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

TEST(Help, FitsTheTerminalInPlainText) {
  for (const std::string& program : kPrograms) {
    const std::string& text = help(program);
    bool example = false;
    for (const std::string& line : lines_of(text)) {
      example |= line == "Examples:";
      const bool unbroken = line.find(' ', line.find_first_not_of(' ')) == std::string::npos;
      EXPECT_TRUE(example || line.size() <= kColumns || unbroken) << program << ": " << line;
    }
    EXPECT_TRUE(example) << program << " has no examples";
    EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) {
      return c == '\n' || (c >= ' ' && c <= '~');
    })) << program;
    EXPECT_EQ(text.find("Excludes:"), std::string::npos) << program;
    EXPECT_EQ(text.find("TEXT="), std::string::npos) << program;
  }
}

// The options of an example are options of that program.
TEST(Help, ExamplesUseWhatThereIs) {
  const std::regex option(" (--[a-z0-9-]+)");
  int examples = 0;
  for (const std::string& program : kPrograms) {
    const std::string& text = help(program);
    for (const std::string& line : lines_of(text.substr(text.find("Examples:")))) {
      std::smatch command;
      if (!std::regex_search(line, command, std::regex("^  (uvic-[a-z]+)( [a-z-]+)?"))) continue;
      ++examples;
      std::string name = command[1];
      if (name == "uvic-fid" || name == "uvic-data" || name == "uvic-lm") name += command[2];
      for (std::sregex_iterator used(line.begin(), line.end(), option), end; used != end; ++used)
        EXPECT_NE(help(name).find((*used)[1]), std::string::npos) << line;
    }
  }
  EXPECT_GT(examples, 15);
}

// Nothing is drawn over where TERM says that it cannot be.
TEST(Help, ADumbTerminalGetsPlainLines) {
  const auto shown = [](const std::string& terminal) {
    return run("script -qec 'env TERM=" + terminal + " uvic-report /nowhere' /dev/null").out;
  };
  for (const char* terminal : {"xterm", "dumb"})
    EXPECT_NE(shown(terminal).find("/nowhere: there is no such folder"), std::string::npos) << terminal;
  EXPECT_NE(shown("xterm").find('\033'), std::string::npos);
  EXPECT_EQ(shown("dumb").find('\033'), std::string::npos);
}

// Those of every program, written once.
const fs::path& help_files() {
  static const testing::TemporaryDirectory folder;
  static const bool written = [] {
    for (const std::string& program : kPrograms)
      expect_ok(run(program + " --help-files " + folder.path().string()));
    return true;
  }();
  EXPECT_TRUE(written);
  return folder.path();
}

TEST(HelpFiles, BashCompletesOptionsCommandsAndValues) {
  for (const std::string& program : kPrograms)
    expect_ok(run("bash -n " + (help_files() / "bash-completion/completions" / program).string()));
  EXPECT_EQ(completed(help_files(), {"uvic-sample", "--class-p"}),
            (std::vector<std::string>{"--class-per-row"}));
  EXPECT_EQ(completed(help_files(), {"uvic-sample", "--solver", "uni"}), (std::vector<std::string>{"unipc"}));
  EXPECT_EQ(completed(help_files(), {"uvic-sample", "--solver", "=", "uni"}),
            (std::vector<std::string>{"unipc"}));
  EXPECT_EQ(completed(help_files(), {"uvic-fid", "du"}), (std::vector<std::string>{"dump"}));
  const auto score = completed(help_files(), {"uvic-fid", "score", "--"});
  EXPECT_TRUE(contains(score, "--metrics") && !contains(score, "--shard"));
  EXPECT_TRUE(contains(completed(help_files(), {"uvic-train", "--config", (help_files() / "m").string()}),
                       (help_files() / "man").string()));
}

TEST(HelpFiles, ManPagesNameEveryOption) {
  for (const std::string& program : kPrograms) {
    const std::string page = testing::read_bytes(help_files() / "man/man1" / (program + ".1"));
    EXPECT_EQ(page.substr(0, 4), ".TH ");
    const std::string& text = help(program);
    const std::regex option("\n  (?:-., )?(--[a-z0-9-]+)");
    for (std::sregex_iterator found(text.begin(), text.end(), option), end; found != end; ++found) {
      const std::string name = std::regex_replace(found->str(1), std::regex("-"), "\\-");
      EXPECT_NE(page.find(name), std::string::npos) << program << " " << found->str(1);
    }
    EXPECT_EQ(testing::read_bytes(help_files() / "zsh/site-functions" / ("_" + program)).substr(0, 9),
              "#compdef ");
  }
}

}  // namespace
}  // namespace uvic
