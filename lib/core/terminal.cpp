#include "core/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "core/environment.h"

namespace uvic {

bool can_redraw(int descriptor) {
  return isatty(descriptor) != 0 && environment("TERM").value_or("dumb") != "dumb";
}

size_t terminal_columns(int descriptor, size_t otherwise) {
  winsize size{};
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : otherwise;
}

}  // namespace uvic
