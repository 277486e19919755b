// Which scores two sides allow, and their values.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "metrics/extract.h"

namespace uvic {

/// One line of the table.
struct Score {
  std::string name;  ///< "fid"
  double value = 0;
  std::string spread_name;       ///< "kid_standard_error"; empty if it has none
  std::optional<double> spread;  ///< empty: there is none to be had, and `note` says why
  std::string note;              ///< "100 subsets of 1000"
};

struct Scores {
  std::vector<Score> scores;
  std::vector<std::string> left_out;  ///< "kid: a.npz holds no features" for what was not asked for by name
  std::vector<std::string> notes;     ///< what a number means that looks wrong
  std::vector<std::string> warnings;  ///< that N is small
};

/// What a side has, known before its images are gone through.
struct SideFacts {
  std::string name;
  bool of_file = false;          ///< statistics of a file
  int64_t images = 0;            ///< 0: unknown
  int64_t dim = 0, spatial = 0;  ///< of the features; spatial 0: there are none
  bool rows = false;             ///< single features
  std::string why_no_probabilities;
};
SideFacts facts_of(const FeatureSet& set);

/// fid, sfid, kid, inception_score, precision, recall, density, coverage.
const std::vector<std::string>& score_names();
/// Whether any of `names` (empty: all) looks at single features, or at class probabilities.
bool need_rows(const std::vector<std::string>& names);
bool need_probabilities(const std::vector<std::string>& names);

/// "x.npz: has mean and covariance only ...": what stands against scores that look at single features.
std::string no_rows_text(const std::string& name);

/// UsageError if `a` and `b` differ in the dimension of the features, or a score asked for by name is not
/// possible (it says why).
void check_scores(const SideFacts& a, const SideFacts& b, const std::vector<std::string>& names);

/// Scores of the images `a` against the reference `b`; the Inception score is of `a` alone. `names` empty:
/// whatever the sides allow. UsageError as check_scores.
Scores compute_scores(const FeatureSet& a, const FeatureSet& b, const std::vector<std::string>& names = {});

/// A side, its images (0: unknown) and the rank of its covariance.
struct SampleSize {
  std::string name;
  int64_t images = 0, rank = 0;
  bool operator==(const SampleSize&) const = default;
};
/// One warning of all whose covariance comes from too few images for `dim` features; empty if there are none.
std::string small_sample_warning(const std::vector<SampleSize>& sides, int64_t dim);

}  // namespace uvic
