#include "core/signals.h"

#include <csignal>

namespace uvic {
namespace {
volatile std::sig_atomic_t received = 0;

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
}

int received_signal() {
  return received;
}

const char* signal_name(int signal) {
  return signal == SIGINT ? "SIGINT" : "SIGTERM";
}

}  // namespace uvic
