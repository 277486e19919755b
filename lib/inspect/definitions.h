// What is measured, by name; the one table behind JSON, tables, pictures and --help.
#pragma once
#include <array>
#include <cstddef>
#include <string>

namespace uvic {

/// Of one head for one image, W [N, N] its weights, rows its queries. Means over the queries unless it says
/// otherwise.
enum HeadMeasure : size_t {
  kNegativeCount,
  kNegativeMass,
  kRowSum,
  kMass,
  kEntropy,
  kEntropyShifted,
  kEffectiveRank,
  kTopAttention,
  kSink,
  kHeadMeasures
};

/// Of one block for one image.
enum LayerMeasure : size_t {
  kHeadDistance,
  kLargestBlock,
  kLargestMlp,
  kLayersBlock,
  kLayersMlp,
  kTokensBlock,
  kTokensMlp,
  kLayerMeasures
};

/// Of the network's last projection for one image.
enum OutputMeasure : size_t { kTokensProjection, kLargestProjection, kOutputMeasures };

struct Definition {
  const char* name;    ///< in JSON
  const char* column;  ///< in tables
  const char* text;    ///< with its source
};

extern const std::array<Definition, kHeadMeasures> kHeadDefinitions;
extern const std::array<Definition, kLayerMeasures> kLayerDefinitions;
extern const std::array<Definition, kOutputMeasures> kOutputDefinitions;

/// A head whose mean attention to one token exceeds this has a sink there (Gu et al. 2024, arXiv 2410.10781,
/// section 3: epsilon = 0.3).
constexpr double kSinkThreshold = 0.3;

/// All definitions, a paragraph each, for --help.
std::string definitions_text();

}  // namespace uvic
