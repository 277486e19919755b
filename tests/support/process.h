// Running the real executables.
#pragma once
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>

#include "support/support.h"

namespace uvic::testing {

struct ProcessResult {
  int code = -1;  ///< exit code; 128 + n if signal n ended it
  std::string out, err;
};

/// A shell command in the background, its output in files. PATH starts with the executables' folder.
class Process {
 public:
  explicit Process(const std::string& command) {
    pid_ = fork();
    if (pid_ == 0) {
      setpgid(0, 0);
      const std::string path = bin("").string() + ":" + std::getenv("PATH");
      setenv("PATH", path.c_str(), 1);
      redirect(STDOUT_FILENO, "out");
      redirect(STDERR_FILENO, "err");
      const std::string line = "exec " + command;
      execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
      _exit(127);
    }
  }
  pid_t id() const { return pid_; }
  void send(int signal) const { kill(pid_, signal); }
  bool running() {
    if (!ended_) ended_ = waitpid(pid_, &status_, WNOHANG) == pid_;
    return !ended_;
  }
  /// How many it has now; 0 once it has ended.
  size_t threads() const {
    std::error_code ended;
    const std::filesystem::directory_iterator tasks("/proc/" + std::to_string(pid_) + "/task", ended);
    return ended ? 0 : size_t(std::distance(begin(tasks), end(tasks)));
  }
  ProcessResult wait() {
    if (!ended_) waitpid(pid_, &status_, 0);
    ended_ = true;
    const int code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
    return {code, read_bytes(directory_ / "out"), read_bytes(directory_ / "err")};
  }

 private:
  void redirect(int descriptor, const char* name) const {
    const int file = open((directory_ / name).c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0644);
    dup2(file, descriptor);
  }
  TemporaryDirectory directory_;
  pid_t pid_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

inline ProcessResult run(const std::string& command) {
  return Process(command).wait();
}

/// A seed for random moments, printed so that a failure can be replayed: UVIC_TEST_SEED=N gives it again.
inline unsigned random_seed() {
  const char* given = std::getenv("UVIC_TEST_SEED");
  const unsigned seed = given != nullptr ? unsigned(std::stoul(given)) : std::random_device{}();
  std::printf("random moments by UVIC_TEST_SEED=%u\n", seed);
  std::fflush(stdout);
  return seed;
}

inline void sleep_ms(int64_t milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

}  // namespace uvic::testing
