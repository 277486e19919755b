// A script of tests/peer that runs the same work, and the table of both.
#pragma once
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>

#include "core/errors.h"

namespace uvic::tools {

/// A process that answers a line with the seconds that what it says has taken.
class Peer {
 public:
  /// `command`: as execvp takes it, ended by a null pointer.
  explicit Peer(char** command) {
    int to_peer[2], from_peer[2];
    TORCH_CHECK(pipe(to_peer) == 0 && pipe(from_peer) == 0, "no pipes");
    process_ = fork();
    TORCH_CHECK(process_ >= 0, "no process");
    if (process_ == 0) {
      dup2(to_peer[0], STDIN_FILENO);
      dup2(from_peer[1], STDOUT_FILENO);
      for (const int end : {to_peer[0], to_peer[1], from_peer[0], from_peer[1]}) close(end);
      execvp(command[0], command);
      std::perror(command[0]);
      _exit(127);
    }
    close(to_peer[0]), close(from_peer[1]);
    to_ = fdopen(to_peer[1], "w"), from_ = fdopen(from_peer[0], "r");
  }
  ~Peer() {
    std::fclose(to_), std::fclose(from_);
    waitpid(process_, nullptr, 0);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  double run(const std::string& command) {
    std::fprintf(to_, "%s\n", command.c_str());
    std::fflush(to_);
    double seconds = 0;
    TORCH_CHECK(std::fscanf(from_, "%lf", &seconds) == 1, "the peer has ended");
    return seconds;
  }

 private:
  pid_t process_;
  FILE *to_, *from_;
};

/// The fastest round of each: what else the machine does only adds.
class Fastest {
 public:
  void add(const std::string& name, double seconds) {
    const auto [at, fresh] = seconds_.emplace(name, seconds);
    at->second = std::min(at->second, seconds);
  }
  double of(const std::string& name) const { return seconds_.at(name); }

 private:
  std::map<std::string, double> seconds_;
};

}  // namespace uvic::tools
