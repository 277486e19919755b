#include <algorithm>

#include "core/text.h"
#include "help.h"

namespace uvic {
namespace {

std::string in_quotes(const std::string& text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string command_of(const HelpPage& page) {
  const size_t blank = page.program.find(' ');
  return blank == std::string::npos ? "" : page.program.substr(blank + 1);
}

std::string function_of(std::string program) {
  std::replace(program.begin(), program.end(), '-', '_');
  std::replace(program.begin(), program.end(), ' ', '_');
  return "_" + program;
}

std::string all_names(const HelpPage& page) {
  std::vector<std::string> names;
  for (const HelpOption& option : page.options()) {
    if (!option.positional) names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return join(names, " ");
}

std::vector<std::string> commands_of(const HelpPage& page) {
  std::vector<std::string> names;
  for (const HelpPage& command : page.commands) names.push_back(command_of(command));
  return names;
}

// There is nothing to offer.
bool is_number(const HelpOption& option) {
  return option.value == "N" || option.value == "X" || option.value == "X,X";
}

// Cases of `command:option before the word`, for those options that take one of some names, or anything.
std::string bash_values(const HelpPage& page) {
  std::string cases;
  for (const HelpOption& option : page.options()) {
    if (option.positional || option.value.empty()) continue;
    std::vector<std::string> patterns;
    for (const std::string& name : option.names) patterns.push_back(in_quotes(command_of(page) + ":" + name));
    cases += "    " + join(patterns, "|") + ") ";
    if (!option.choices.empty()) {
      cases +=
          "COMPREPLY=($(compgen -W " + in_quotes(join(option.choices, " ")) + " -- \"$cur\")); return ;;\n";
    } else {
      cases += (is_number(option) ? "return ;;\n" : "COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n");
    }
  }
  for (const HelpPage& command : page.commands) cases += bash_values(command);
  return cases;
}

std::string bash_names(const HelpPage& page) {
  std::string cases =
      "    " + in_quotes(command_of(page)) + ") options=" + in_quotes(all_names(page)) + " ;;\n";
  for (const HelpPage& command : page.commands) cases += bash_names(command);
  return cases;
}

// For zsh's _arguments: what stands in brackets or behind a colon must not end there.
std::string zsh_text(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string zsh_action(const HelpOption& option) {
  if (is_number(option)) return " ";
  return option.choices.empty() ? "_files" : "(" + join(option.choices, " ") + ")";
}

std::string zsh_arguments(const HelpPage& page) {
  std::string specs;
  for (const HelpOption& option : page.options()) {
    if (option.positional) {
      specs += " \\\n    " +
               in_quotes((option.repeated ? "*:" : ":") + zsh_text(option.names.front()) + ":_files");
      continue;
    }
    for (const std::string& name : option.names) {
      std::string spec = (option.repeated ? "*" : "") + name + "[" + zsh_text(option.text) + "]";
      if (!option.value.empty()) spec += ":" + zsh_text(option.value) + ":" + zsh_action(option);
      specs += " \\\n    " + in_quotes(spec);
    }
  }
  return specs;
}

}  // namespace

std::string bash_completion(const HelpPage& page) {
  const std::string function = function_of(page.program);
  std::string text =
      "# bash completion for " + page.program + "\n" + function + "() {\n" +
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= options= word\n";
  // bash makes a word of the = in --option=value
  text += "  [[ $cur == = ]] && cur= || { [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}; }\n";
  const std::vector<std::string> commands = commands_of(page);
  if (!commands.empty()) {
    text += "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n    case $word in " +
            join(commands, "|") + ") command=$word; break ;; esac\n  done\n";
  }
  text += "  case $command:$prev in\n" + bash_values(page) + "  esac\n";
  text += "  case $command in\n" + bash_names(page) + "  esac\n";
  if (!commands.empty())
    text += "  [[ -z $command && $cur != -* ]] && { COMPREPLY=($(compgen -W " +
            in_quotes(join(commands, " ")) + " -- \"$cur\")); return; }\n";
  text +=
      "  if [[ $cur == -* ]]; then\n    COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n  else\n"
      "    COMPREPLY=($(compgen -f -- \"$cur\"))\n  fi\n}\n";
  return text + "complete -o filenames -F " + function + " " + page.program + "\n";
}

std::string zsh_completion(const HelpPage& page) {
  std::string text = "#compdef " + page.program + "\n";
  if (page.commands.empty()) return text + "_arguments" + zsh_arguments(page) + "\n";
  text += "local state line\n_arguments -C" + zsh_arguments(page) +
          " \\\n    '1:command:->command' '*::argument:->rest'\n";
  text += "case $state in\n  command)\n    local -a commands=(";
  for (const HelpPage& command : page.commands)
    text += "\n      " + in_quotes(command_of(command) + ":" + zsh_text(command.summary));
  text += ")\n    _describe command commands ;;\n  rest)\n    case $line[1] in\n";
  for (const HelpPage& command : page.commands)
    text += "    " + command_of(command) + ") _arguments" + zsh_arguments(command) + " ;;\n";
  return text + "    esac ;;\nesac\n";
}

}  // namespace uvic
