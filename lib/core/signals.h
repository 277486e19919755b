// SIGINT, SIGTERM and SIGUSR1 (which clusters send before a job's time is over) ask the program to stop at
// the next safe point, as a time limit does; a second of the same ends it at once.
#pragma once
#include <chrono>
#include <string>

namespace uvic {

/// Installs the handlers. After the first signal the default action is restored, so a second one kills.
void install_signal_handlers();

/// The signal received so far, 0 if none. Loops poll this.
int received_signal();

/// "SIGINT", "SIGTERM" or "SIGUSR1".
const char* signal_name(int signal);

/// From now on; should_stop() after that.
void set_time_limit(std::chrono::seconds limit);

/// Whether a signal has come or the time is over, and which: "SIGTERM", "--time-limit"; empty if neither.
bool should_stop();
std::string why_stop();

}  // namespace uvic
