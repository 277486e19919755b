// One of an enum's values, written by its name in YAML, on command lines and in C++.
#pragma once
#include <array>
#include <cstddef>
#include <ostream>
#include <span>
#include <string>
#include <vector>

namespace uvic {

/// The one table of an enum's names, in the order of its enumerators, which count from 0:
///   enum class Crop { kCenter, kRandom };
///   template <> inline constexpr std::array kNamesOf<Crop> = {"center", "random"};
template <class E>
inline constexpr std::array<const char*, 0> kNamesOf = {};

/// What does not depend on the enum: a value by its place in the table.
class NamedValue {
 public:
  std::string name() const { return names_[index_]; }
  std::vector<std::string> names() const { return {names_.begin(), names_.end()}; }
  /// False, and nothing changes, if there is no such name.
  bool set(const std::string& name);

 protected:
  NamedValue(std::span<const char* const> names, size_t index) : names_(names), index_(index) {}
  /// UsageError names the nearest.
  NamedValue(std::span<const char* const> names, const std::string& name);
  size_t index() const { return index_; }

 private:
  std::span<const char* const> names_;
  size_t index_ = 0;
};

template <class E>
class Choice : public NamedValue {
 public:
  Choice(E value) : NamedValue(kNamesOf<E>, size_t(value)) {}
  /// UsageError names the nearest value where there is none of that name.
  Choice(const std::string& name) : NamedValue(kNamesOf<E>, name) {}
  Choice(const char* name) : Choice(std::string(name)) {}

  operator E() const { return E(index()); }
  friend bool operator==(const Choice& a, const Choice& b) { return a.index() == b.index(); }
  friend bool operator==(const Choice& a, E b) { return E(a) == b; }
  friend std::ostream& operator<<(std::ostream& stream, const Choice& choice) {
    return stream << choice.name();
  }
};

}  // namespace uvic
