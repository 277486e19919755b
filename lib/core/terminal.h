// What the terminal that a program writes to can do.
#pragma once
#include <cstddef>

namespace uvic {

/// Whether lines can be drawn over on this descriptor: it is a terminal, and TERM does not say that it is a
/// dumb one or nothing at all.
bool can_redraw(int descriptor);

/// Columns of a descriptor's terminal; `otherwise` where it is none or does not say.
size_t terminal_columns(int descriptor, size_t otherwise);

}  // namespace uvic
