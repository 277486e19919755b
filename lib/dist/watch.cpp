#include "dist/watch.h"

#include <c10/util/StringUtil.h>

#include <torch/csrc/distributed/c10d/Store.hpp>

namespace uvic {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kFailed = "failed";

std::string beat_key(size_t rank) {
  return c10::str("beat/", rank);
}
std::string error_key(size_t rank) {
  return c10::str("error/", rank);
}

std::vector<uint8_t> bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

}  // namespace

Watch::Watch(c10::intrusive_ptr<c10d::Store> store, int rank, std::vector<std::string> names,
             WatchTimes times, std::function<void(const std::string&)> end)
    : store_(std::move(store)),
      rank_(rank),
      names_(std::move(names)),
      times_(times),
      end_(std::move(end)),
      signs_(names_.size(), Sign{{}, Clock::now()}) {
  for (size_t r = 0; r < names_.size(); ++r) beat_keys_.push_back(beat_key(r));
  store_->set(beat_key(size_t(rank_)), bytes_of("0"));
  thread_ = std::thread([this] { run(); });
}

Watch::~Watch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool Watch::stopped_within(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time, [&] { return stopping_; });
}

void Watch::run() {
  for (int64_t beat = 1; !stopped_within(times_.beat); ++beat) {
    std::string reason;
    try {
      store_->set(beat_key(size_t(rank_)), bytes_of(std::to_string(beat)));
      reason = look();
    } catch (const std::exception& error) {
      reason = names_[0] + ", or whoever keeps the job's store, does not answer any more";
    }
    if (reason.empty() || stopped_within(std::chrono::milliseconds(0))) continue;
    end_(reason);
    return;
  }
}

// Why to end; empty if all is well.
std::string Watch::look() {
  const auto now = Clock::now();
  // Stopped itself meanwhile, as all of a job may have been: the others' signs are of before.
  if (now - looked_ > times_.silence / 2) {
    for (Sign& sign : signs_) sign.seen = now;
  }
  looked_ = now;
  const auto beats = store_->multiGet(beat_keys_);  // waits for one that is only just starting
  for (size_t r = 0; r < names_.size(); ++r) {
    if (beats[r] != signs_[r].beat) signs_[r] = {beats[r], now};
  }
  if (store_->check({kFailed})) {
    if (!failure_seen_) failure_seen_ = now;
    const auto bytes = store_->get(kFailed);
    if (now - *failure_seen_ > times_.grace)
      return names_[size_t(std::stoi(std::string(bytes.begin(), bytes.end())))] + " failed";
  }
  for (size_t r = 0; r < names_.size(); ++r) {
    if (now - signs_[r].seen > times_.silence)
      return c10::str(names_[r], " has given no sign of life for ",
                      std::chrono::duration_cast<std::chrono::seconds>(times_.silence).count(),
                      " s: it was killed, hangs, or its machine is gone");
  }
  return "";
}

bool Watch::fail(const std::string& error) {
  try {
    store_->set(error_key(size_t(rank_)), bytes_of(error));
    store_->set(kFailed, bytes_of(std::to_string(rank_)));
    const auto until = Clock::now() + times_.grace / 2;
    for (size_t r = 0; r < names_.size(); ++r) {
      while (!store_->check({error_key(r)})) {
        if (Clock::now() > until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
      if (store_->get(error_key(r)) != bytes_of(error)) return false;
    }
    return true;
  } catch (const std::exception&) {  // nobody is there any more
    return false;
  }
}

}  // namespace uvic
