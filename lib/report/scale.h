// An axis: which values it shows, and where its ticks are.
#pragma once
#include <string>
#include <vector>

namespace uvic {

struct Tick {
  double place = 0;  ///< 0 at the axis' beginning, 1 at its end
  std::string label;
};

struct Scale {
  double from = 0, to = 1;
  bool logarithmic = false;

  /// 0 for `from`, 1 for `to`; not clamped.
  double place(double value) const;
};

/// From a round number to a round number.
Scale linear_scale(double least, double largest);
/// By powers of ten, begun and ended where the values do; both must be above 0.
Scale log_scale(double least, double largest);

/// About five, 1, 2 or 5 times a power of ten apart; of a logarithmic scale at round numbers.
std::vector<Tick> ticks_of(const Scale& scale);

/// "0.0123", "12.3 k", "1.50e-05": four digits at most.
std::string short_number(double value);

}  // namespace uvic
