#include "metrics/stats_file.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/errors.h"
#include "io/npz.h"

namespace uvic {
namespace {

at::Tensor load_finite(const NpzFile& file, const std::string& key) {
  const at::Tensor values = file.load(key).to(at::kDouble);
  check_usage(values.isfinite().all().item<bool>(), file.name(), ": ", key,
              " holds values that are not finite");
  return values;
}

/// Rounding in float32, of which some programs' sums are, leaves eigenvalues of -1e-5 of the largest.
constexpr double kRounding = 1e-4;

/// A covariance has no negative eigenvalue: the square root of one would count as 0, and the distance of
/// anything as small.
void check_covariance(const at::Tensor& covariance, const std::string& where) {
  const at::Tensor skew = (covariance - covariance.t()).abs();
  const double most = covariance.abs().max().item<double>();
  if (skew.max().item<double>() > kRounding * most) {
    const int64_t at = skew.argmax().item<int64_t>(), D = covariance.size(0);
    const auto value = [&](int64_t row, int64_t column) { return covariance[row][column].item<double>(); };
    usage_error(where, " is no covariance: it is not symmetric; [", at / D, ", ", at % D, "] is ",
                value(at / D, at % D), ", [", at % D, ", ", at / D, "] is ", value(at % D, at / D));
  }
  const at::Tensor symmetric = (covariance + covariance.t()) / 2;
  // A factorisation takes a tenth of the time of the eigenvalues, the largest of which is no less than any
  // variance.
  const double shift = kRounding / 10 * symmetric.diagonal().max().item<double>();
  const at::Tensor shifted = symmetric + shift * at::eye(symmetric.size(0), symmetric.options());
  if (std::get<1>(at::linalg_cholesky_ex(shifted)).item<int>() == 0) return;
  const at::Tensor values = at::linalg_eigvalsh(symmetric);  // ascending
  const double smallest = values[0].item<double>(), largest = values[-1].item<double>();
  check_usage(smallest >= -kRounding * std::max(largest, 0.0), where,
              " is no covariance: its eigenvalues go from ", smallest, " to ", largest,
              ", and none may be below 0");
}

Gaussian load_gaussian(const NpzFile& file, const std::string& mean, const std::string& covariance) {
  Gaussian gaussian{load_finite(file, mean), load_finite(file, covariance)};
  check_usage(gaussian.mean.dim() == 1 && gaussian.mean.numel() > 0, file.name(), ": ", mean,
              " must be [D], it is ", gaussian.mean.sizes());
  const int64_t D = gaussian.dim();
  check_usage(gaussian.covariance.sizes() == at::IntArrayRef({D, D}), file.name(), ": ", covariance,
              " must be [", D, ", ", D, "] as ", mean, " has ", D, " values, it is ",
              gaussian.covariance.sizes());
  check_covariance(gaussian.covariance, file.name() + ": " + covariance);
  return gaussian;
}

bool array_is(const NpzFile& file, size_t dim, bool bytes) {
  if (!file.contains("arr_0")) return false;
  const NpyHeader header = file.header("arr_0");
  return header.shape.size() == dim && (header.dtype == at::kByte) == bytes;
}

bool has_features(const NpzFile& file) {
  return array_is(file, 2, /*bytes=*/false);
}

}  // namespace

bool holds_stats(const std::filesystem::path& path) {
  const NpzFile file(path);
  return file.contains("mu") || file.contains("sigma") || has_features(file);
}

bool holds_images(const std::filesystem::path& path) {
  return array_is(NpzFile(path), 4, /*bytes=*/true);
}

FeatureSet load_stats(const std::filesystem::path& path) {
  const NpzFile file(path);
  FeatureSet set;
  set.name = file.name();
  set.of_file = true;
  if (has_features(file)) {
    set.rows = load_finite(file, "arr_0").to(at::kFloat);
    set.images = set.rows.size(0);
  }
  if (file.contains("mu") || file.contains("sigma")) {
    set.pooled = load_gaussian(file, "mu", "sigma");
    check_usage(!set.rows.defined() || set.rows.size(1) == set.pooled.dim(), file.name(),
                ": arr_0 has features of ", set.rows.defined() ? set.rows.size(1) : 0, " values but mu has ",
                set.pooled.dim());
  } else {
    check_usage(set.images >= 2, file.name(), ": holds neither mu and sigma nor features of two images");
    Moments moments;
    moments.add(set.rows);
    set.pooled = moments.gaussian();
  }
  if (file.contains("num_images")) set.images = file.load("num_images").item<int64_t>();
  if (file.contains("mu_s") && file.contains("sigma_s")) set.spatial = load_gaussian(file, "mu_s", "sigma_s");
  set.why_no_probabilities = file.name() + " holds no class probabilities, and no images to get them from";
  return set;
}

FeatureSet load_reference(const std::string& option, const std::filesystem::path& path,
                          FeatureExtractor& extractor, const std::string& extractor_option,
                          std::array<int64_t, 2> size) {
  FeatureSet reference = load_stats(path);
  const int64_t D = extractor.probe(size[0], size[1]).pooled;
  check_usage(D == reference.pooled.dim(), option, ": ", path.string(), " is of ", reference.pooled.dim(),
              " features, but ", extractor_option, " ", extractor.name(), " gives ", D);
  return reference;
}

void save_stats(const std::filesystem::path& path, const FeatureSet& set, at::ScalarType dtype,
                bool images_left_out) {
  TensorMap arrays = {{"mu", set.pooled.mean.to(dtype)}, {"sigma", set.pooled.covariance.to(dtype)}};
  if (set.spatial.defined()) {
    arrays["mu_s"] = set.spatial.mean.to(dtype);
    arrays["sigma_s"] = set.spatial.covariance.to(dtype);
  }
  if (set.rows.defined()) arrays["arr_0"] = set.rows;
  if (images_left_out) arrays["num_images"] = at::tensor({set.images}, at::kLong);
  save_npz(path, arrays);
}

}  // namespace uvic
