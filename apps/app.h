// What the executables share: options of every one of them, exit codes, the one `try`.
#pragma once
#include <c10/core/Device.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <utility>

#include "core/environment.h"

namespace uvic {

enum ExitCode { kDone = 0, kFailed = 1, kUsage = 2, kInterrupted = 3 };

/// --device, --threads, --quiet.
struct CommonOptions {
  std::string device = "auto";
  int threads = 0;
  bool quiet = false;

  void add_to(CLI::App& app);
  /// Puts threads and quiet into force and returns the device.
  c10::Device apply() const;
};

/// The commands of a program, one of which a command line names. Each has add_to(CLI::App&) and run().
class Commands {
 public:
  explicit Commands(std::string program) : program_(std::move(program)) {}
  /// `shares`: makes its part of the work where a launcher has started several processes; the others refuse.
  template <class Command>
  void add(CLI::App& app, const std::string& name, const std::string& help, Command& command,
           bool shares = false) {
    auto* sub = app.add_subcommand(name, help);
    command.add_to(*sub);
    sub->callback([this, &command, shares, name] {
      chosen_ = [this, &command, shares, name] {
        if (!shares) refuse_ranks(program_ + " " + name);
        return command.run();
      };
    });
  }
  int run() const { return chosen_(); }

 private:
  std::string program_;
  std::function<int()> chosen_;
};

/// Thrown to end work within a callback, by stop_if_asked once a signal has come.
struct Stopped {};
void stop_if_asked();

/// Whether a signal has come; then it says so, and `so_far`: what there is of the result.
bool interrupted(const std::string& so_far);

/// Within a `catch`: says in one line what ended the command, and returns the exit code that goes with it.
int report_exception();

/// Parses the command line (options come from `add_options`; of one given twice the last counts; `~` at the
/// beginning of an argument is the home folder, and 5e4 a whole number) and calls `run`; maps CLI11's errors
/// and exceptions to exit codes, with one line on stderr. Then the process ends; under a sanitizer it
/// returns.
int run_app(const std::string& name, const std::string& description, int argc, char** argv,
            const std::function<void(CLI::App&)>& add_options, const std::function<int()>& run);

}  // namespace uvic
