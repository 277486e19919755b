#pragma once
#include <string>

namespace uvic {

/// Whether `a` comes before `b` as people count: runs of digits compare as numbers ("class2" before
/// "class10"), all else byte by byte; what is equal so far ("7" and "07") by its bytes. A strict total order.
bool natural_less(const std::string& a, const std::string& b);

struct NaturalLess {
  bool operator()(const std::string& a, const std::string& b) const { return natural_less(a, b); }
};

}  // namespace uvic
