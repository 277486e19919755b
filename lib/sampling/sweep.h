// The same images under other settings, side by side.
#pragma once
#include <string>
#include <vector>

#include "recipe/sample_options.h"

namespace uvic {

/// A key of SampleOptions and the values that it takes in turn.
struct SweepAxis {
  std::string key;
  std::vector<std::string> values;

  /// "cfg 1.5".
  std::string label(size_t index) const { return key + " " + values[index]; }
};

/// "cfg=1,1.5,2", "guidance-interval=[0,0.5],[0.2,0.8]": the key as options or as configurations have it.
/// UsageError: no such key (the nearest is named), none or one value, or one that the key cannot take;
/// weights of a guide, which are loaded once.
SweepAxis parse_axis(const std::string& text);

/// One or two axes: the first along the columns, the second down the rows.
class Sweep {
 public:
  Sweep() = default;
  /// UsageError: more than two, or one key twice.
  explicit Sweep(const std::vector<std::string>& texts);

  bool empty() const { return axes_.empty(); }
  const std::vector<SweepAxis>& axes() const { return axes_; }
  size_t cols() const { return axes_[0].values.size(); }
  size_t rows() const { return axes_.size() > 1 ? axes_[1].values.size() : 1; }
  /// `options` with the values of cell `index`, row by row.
  SampleOptions cell(SampleOptions options, size_t index) const;
  /// "cfg 1.5, steps 10".
  std::string name(size_t index) const;
  std::vector<std::string> column_labels() const { return labels(0); }
  /// Empty for one axis alone.
  std::vector<std::string> row_labels() const {
    return axes_.size() > 1 ? labels(1) : std::vector<std::string>();
  }
  /// "--sweep cfg=1,1.5 --sweep steps=10,25", for a command line.
  std::string options() const;

 private:
  std::vector<std::string> labels(size_t axis) const;
  std::vector<SweepAxis> axes_;
};

}  // namespace uvic
