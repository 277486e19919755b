#include "report/scale.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace uvic {
namespace {

// 1, 2 or 5 times a power of ten, about `ticks` of which are in `span`.
double round_step(double span, int ticks) {
  const double raw = span / ticks, power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (raw <= factor * power * 1.0001) return factor * power;
  }
  return 10 * power;
}

}  // namespace

double Scale::place(double value) const {
  if (logarithmic) return std::log(value / from) / std::log(to / from);
  return (value - from) / (to - from);
}

Scale linear_scale(double least, double largest) {
  if (!(largest - least > 1e-9 * std::abs(largest))) {  // a constant lies in the middle
    const double around = least == 0 ? 1 : std::abs(least) / 2;
    least -= around;
    largest += around;
  }
  const double step = round_step(largest - least, 4);
  return {.from = std::floor(least / step + 1e-9) * step, .to = std::ceil(largest / step - 1e-9) * step};
}

Scale log_scale(double least, double largest) {
  const double margin = std::max(std::pow(largest / least, 0.04), 1.02);
  return {.from = least / margin, .to = largest * margin, .logarithmic = true};
}

std::vector<Tick> ticks_of(const Scale& scale) {
  std::vector<Tick> found;
  const auto add = [&](double value) {
    const double place = scale.place(value);
    if (place > -1e-9 && place < 1 + 1e-9) found.push_back({place, short_number(value)});
  };
  if (!scale.logarithmic) {
    const double step = round_step(scale.to - scale.from, 5);
    const auto first = std::llround(std::ceil(scale.from / step - 1e-9));
    for (auto i = first; double(i) * step <= scale.to + 1e-9 * step; ++i) add(double(i) * step);
    return found;
  }
  const double decades = std::log10(scale.to / scale.from);
  const int every = std::max(1, int(std::ceil(decades / 6)));
  const std::vector<double> factors = decades < 0.7   ? std::vector{1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0}
                                      : decades < 1.5 ? std::vector{1.0, 2.0, 5.0}
                                      : decades < 3   ? std::vector{1.0, 3.0}
                                                      : std::vector{1.0};
  for (int power = int(std::floor(std::log10(scale.from))); power <= std::log10(scale.to); power += every) {
    for (const double factor : factors) add(factor * std::pow(10.0, power));
  }
  return found;
}

std::string short_number(double value) {
  const double size = std::abs(value);
  char text[40];
  if (size == 0) return "0";
  if (size >= 1e15 || size < 1e-4) {
    std::snprintf(text, sizeof text, "%.3g", value);
    return text;
  }
  struct Unit {
    double size;
    const char* name;
  };
  for (const Unit& unit : std::array<Unit, 3>{{{1e9, " G"}, {1e6, " M"}, {1e4, " k"}}}) {
    if (size < unit.size) continue;
    std::snprintf(text, sizeof text, "%.4g%s", value / (unit.size == 1e4 ? 1e3 : unit.size), unit.name);
    return text;
  }
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

}  // namespace uvic
