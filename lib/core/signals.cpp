#include "core/signals.h"

#include <csignal>
#include <optional>

namespace uvic {
namespace {
using Clock = std::chrono::steady_clock;

volatile std::sig_atomic_t received = 0;
std::optional<Clock::time_point> end_of_time;

extern "C" void on_signal(int signal) {
  received = signal;
}
}  // namespace

void install_signal_handlers() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESETHAND | SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGUSR1, &action, nullptr);
}

int received_signal() {
  return received;
}

const char* signal_name(int signal) {
  return signal == SIGINT ? "SIGINT" : signal == SIGUSR1 ? "SIGUSR1" : "SIGTERM";
}

void set_time_limit(std::chrono::seconds limit) {
  end_of_time = Clock::now() + limit;
}

bool should_stop() {
  return received != 0 || (end_of_time && Clock::now() >= *end_of_time);
}

std::string why_stop() {
  if (received != 0) return signal_name(received);
  return should_stop() ? "--time-limit" : "";
}

}  // namespace uvic
