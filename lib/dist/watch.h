// Who of a job is still there: a rank that dies or hangs ends the others, which would wait for it for ever.
#pragma once
#include <c10/util/intrusive_ptr.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace c10d {
class Store;
}

namespace uvic {

struct WatchTimes {
  std::chrono::milliseconds beat{2000};       ///< between signs of life
  std::chrono::milliseconds silence{30'000};  ///< without one: the rank is given up
  std::chrono::milliseconds grace{6000};      ///< to fail by oneself once another has failed
};

/// A thread that shows that this process lives and looks whether the others do.
class Watch {
 public:
  /// `names`: of the ranks ("rank 1 (host, process 123)"). `end` is called once, in the thread, with the
  /// reason: a rank is silent, the store is gone, or one failed and this one did not. Throws as the store
  /// does.
  Watch(c10::intrusive_ptr<c10d::Store> store, int rank, std::vector<std::string> names, WatchTimes times,
        std::function<void(const std::string& reason)> end);
  ~Watch();
  /// Tells the others that this rank failed, with its error; whether all others failed with the same within
  /// the grace, so that rank 0 alone need say so.
  bool fail(const std::string& error);

 private:
  void run();
  bool stopped_within(std::chrono::milliseconds time);
  std::string look();

  c10::intrusive_ptr<c10d::Store> store_;
  int rank_;
  std::vector<std::string> names_;
  WatchTimes times_;
  std::function<void(const std::string&)> end_;
  struct Sign {
    std::vector<uint8_t> beat;
    std::chrono::steady_clock::time_point seen;
  };
  std::vector<Sign> signs_;
  std::vector<std::string> beat_keys_;
  std::chrono::steady_clock::time_point looked_ = std::chrono::steady_clock::now();
  std::optional<std::chrono::steady_clock::time_point> failure_seen_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace uvic
