// Statistics of features in .npz files, as other programs write and read them.
#pragma once
#include <array>
#include <filesystem>
#include <string>

#include "metrics/extract.h"

namespace uvic {

/// Whether an .npz holds statistics or features (see load_stats), not images alone. UsageError: not an .npz.
bool holds_stats(const std::filesystem::path& path);
/// Whether its `arr_0` is images, uint8 [N, H, W, C]: an image set, or ADM's reference batch.
bool holds_images(const std::filesystem::path& path);

/// Reads `mu` [D] and `sigma` [D, D] (pytorch-fid, EDM, torch-fidelity), also `mu_s` and `sigma_s` (ADM's
/// spatial features), and `arr_0` where it is features, float [N, D]; without `mu` the moments are those of
/// arr_0. UsageError, naming file and array: missing, a shape that does not fit, a value that is not finite,
/// or a sigma that is no covariance: not symmetric, or with eigenvalues below 0 beyond rounding.
FeatureSet load_stats(const std::filesystem::path& path);

/// Statistics to compare the features of images of that size, {H, W}, with. UsageError as load_stats and
/// FeatureExtractor::probe, and, by the options' names, for statistics of another number of features.
FeatureSet load_reference(const std::string& option, const std::filesystem::path& path,
                          FeatureExtractor& extractor, const std::string& extractor_option,
                          std::array<int64_t, 2> size);

/// Writes the moments as `mu`, `sigma` in `dtype` (float64 or float32), `mu_s`, `sigma_s` if there are any,
/// and the features themselves as `arr_0`, float32, if they were kept. Where images were left out, whose
/// number the set itself would tell wrongly, `num_images` [1] is what the statistics are of.
void save_stats(const std::filesystem::path& path, const FeatureSet& set, at::ScalarType dtype,
                bool images_left_out = false);

}  // namespace uvic
