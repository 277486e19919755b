#include "app.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <new>
#include <string_view>

#include "core/device.h"
#include "core/error_text.h"
#include "core/errors.h"
#include "core/home.h"
#include "core/log.h"
#include "core/parse.h"
#include "core/rank_log.h"
#include "core/signals.h"
#include "core/text.h"
#include "help.h"
#include "thread_waiting.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

// For CMake, which puts man pages and completion files beside the programs: PROGRAM --help-files DIR.
constexpr std::string_view kHelpFiles = "--help-files";

int report(int code, const std::string& message) {
  write_error(message);
  return code;
}

// CLI11 takes the next argument for the value of `--name=`; it is the empty one. It wants them from the last.
std::vector<std::string> arguments_of(int argc, char** argv) {
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string text = argv[i];
    const bool empty_value = text.starts_with("--") && text.size() > 3 && text.find('=') == text.size() - 1;
    arguments.push_back(empty_value ? text.substr(0, text.size() - 1) : text);
    if (empty_value) arguments.emplace_back();
  }
  return {arguments.rbegin(), arguments.rend()};
}

// Shells leave `--out=~/x` as it is, and CLI11 reads whole numbers in digits alone.
void read_as_configs_do(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    const std::string type = option->get_type_name();
    if (type == "TEXT") option->transform(expand_home);
    if (!type.starts_with("INT") && !type.starts_with("UINT")) continue;
    option->transform([name = option->get_name()](const std::string& text) {
      int64_t number = 0;
      check_usage(!text.empty(), name, ": has no value");
      return parse_value(text, number) ? std::to_string(number) : text;
    });
  }
  for (CLI::App* command : app.get_subcommands({})) read_as_configs_do(*command);
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string suggestion(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string close = nearest(word, candidates);
  return close.empty() ? "" : "; did you mean " + close + "?";
}

// Of what is wrong with a command line, in our words where CLI11's are not clear.
std::string complaint(const CLI::App& app, const CLI::ParseError& error) {
  const auto commands = app.get_subcommands();
  const CLI::App& command = commands.empty() ? app : *commands.front();
  const auto left = app.remaining(/*recurse=*/true);
  const std::string word = left.empty() ? "" : left.front().substr(0, left.front().find('='));
  if (word.starts_with("-")) return "unknown option " + word + suggestion(word, option_names(command));
  if (commands.empty() && app.get_require_subcommand_min() > 0) {
    std::vector<std::string> names;
    for (const CLI::App* known : app.get_subcommands({})) names.push_back(known->get_name());
    const std::string all = "one of " + join(names, ", "), close = suggestion(word, names);
    if (left.empty()) return "give a command, " + all;
    return "unknown command '" + word + "'" + (close.empty() ? "; it must be " + all : close);
  }
  const std::string what = error.what(), head = "Could not convert: ";
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !left.empty())
    return "unexpected argument '" + left.front() + "'; a value that holds spaces stands in quotes";
  return what.starts_with(head) ? what.substr(head.size()) + ": is not what this option takes" : what;
}

// Of the files and folders that the user names, and of what only running meets.
int report_file_error(const fs::filesystem_error& error) {
  const auto is = [&](std::errc code) { return error.code() == code; };
  const bool named = is(std::errc::filename_too_long) || is(std::errc::permission_denied) ||
                     is(std::errc::not_a_directory) || is(std::errc::no_such_file_or_directory) ||
                     is(std::errc::is_a_directory) || is(std::errc::too_many_symbolic_link_levels) ||
                     is(std::errc::read_only_file_system) || is(std::errc::file_exists);
  const std::string path = error.path2().empty() ? error.path1().string() : error.path2().string();
  return report(named ? kUsage : kFailed, path + ": " + error.code().message());
}

}  // namespace

void CommonOptions::add_to(CLI::App& app) {
  app.add_option("--device", device, "auto, cpu, cuda or cuda:N")->capture_default_str()->group("Machine");
  app.add_option("--threads", threads, "CPU threads; 0: one a core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str()
      ->group("Machine");
  app.add_flag("--quiet", quiet, "only warnings and errors")->group("Machine");
}

c10::Device CommonOptions::apply() const {
  set_quiet(quiet);
  keep_freed_memory();
  set_threads(threads);
  adapt_thread_waiting();
  return parse_device(device);
}

void stop_if_asked() {
  if (received_signal() != 0) throw Stopped{};
}

bool interrupted(const std::string& so_far) {
  if (received_signal() == 0) return false;
  write_line(c10::str(signal_name(received_signal()), ": ", so_far));
  return true;
}

namespace {

// Ends the process with what is left to write written: the destructors of LibTorch's tables take a quarter of
// the time that --help takes, for nothing. Sanitizers have their say only where a process ends the long way.
int leave(int code) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  std::cout.flush();
  std::fflush(nullptr);
  std::_Exit(code);
#endif
  return code;
}

int run_or_report(CLI::App& app, int argc, char** argv, const std::function<int()>& run) {
  try {
    if (argc == 3 && argv[1] == kHelpFiles) {
      write_help_files(help_page(app), version_number(), argv[2]);
      return kDone;
    }
    app.parse(arguments_of(argc, argv));
    return run();
  } catch (const CLI::Success& wanted) {  // --help, --version
    return app.exit(wanted);
  } catch (const CLI::ParseError& error) {
    return report(kUsage, complaint(app, error) + " (--help lists what there is)");
  } catch (...) {
    return report_exception();
  }
}

}  // namespace

int report_exception() {
  try {
    throw;
  } catch (const fs::filesystem_error& error) {
    return report_file_error(error);
  } catch (const UsageError& error) {
    return report(kUsage, error.what());
  } catch (const std::bad_alloc&) {
    return report(kFailed, "out of memory");
  } catch (const std::exception& error) {
    return report(kFailed, error_text(error));
  }
}

int run_app(const std::string& name, const std::string& description, int argc, char** argv,
            const std::function<void(CLI::App&)>& add_options, const std::function<int()>& run) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file that grows beyond its limit is an error like a full disk
  CLI::App app(description);
  app.set_help_flag("-h,--help", "what this is, and exit");
  app.set_version_flag(
      "--version", [name] { return version_text(name); }, "which version this is, and exit");
  app.formatter(std::make_shared<HelpFormatter>());
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  add_options(app);
  app.name(name);
  read_as_configs_do(app);
  return leave(run_or_report(app, argc, argv, run));
}

}  // namespace uvic
