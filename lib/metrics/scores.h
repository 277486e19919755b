// Which scores two sides allow, and their values.
#pragma once
#include <string>
#include <vector>

#include "metrics/extract.h"

namespace uvic {

/// One line of the table.
struct Score {
  std::string name;  ///< "fid"
  double value = 0;
  std::string spread_name;  ///< "kid_standard_error"; empty if it has none
  double spread = 0;
  std::string note;  ///< "100 subsets of 1000"
};

struct Scores {
  std::vector<Score> scores;
  std::vector<std::string> left_out;  ///< "kid: a.npz holds no features" for what was not asked for by name
  std::vector<std::string> warnings;  ///< that N is small
};

/// fid, sfid, kid, inception_score, precision, recall, density, coverage.
const std::vector<std::string>& score_names();
/// Whether any of `names` (empty: all) looks at single features, or at class probabilities.
bool need_rows(const std::vector<std::string>& names);
bool need_probabilities(const std::vector<std::string>& names);

/// "x.npz: has mean and covariance only ...": what stands against scores that look at single features.
std::string no_rows_text(const std::string& name);

/// Scores of the images `a` against the reference `b`; the Inception score is of `a` alone. `names` empty:
/// whatever the sides allow. UsageError: the features differ in dimension, or a score asked for by name is
/// not possible (it says why).
Scores compute_scores(const FeatureSet& a, const FeatureSet& b, const std::vector<std::string>& names = {});

/// A warning if a covariance of rank `rank` comes from too few images for `dim` features, else empty.
std::string small_sample_warning(const std::string& name, int64_t images, int64_t rank, int64_t dim);

}  // namespace uvic
