// SIGINT and SIGTERM: the first asks the program to stop at the next safe point, a second ends it at once.
#pragma once

namespace uvic {

/// Installs the handlers. After the first signal the default action is restored, so a second one kills.
void install_signal_handlers();

/// The signal received so far, 0 if none. Loops poll this.
int received_signal();

/// "SIGINT" or "SIGTERM".
const char* signal_name(int signal);

}  // namespace uvic
