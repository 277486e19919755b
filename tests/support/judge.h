// What a set of images is worth: how many show the label that was asked for, and how far their features lie
// from those of real images.
#pragma once
#include <opencv2/imgcodecs.hpp>
#include <regex>

#include "core/errors.h"
#include "data/idx.h"
#include "io/png.h"
#include "support/classifier.h"
#include "support/support.h"

namespace uvic::testing {

/// Mean [D] and covariance [D, D] of feature rows, float64.
struct Statistics {
  at::Tensor mean, covariance;
  explicit Statistics(const at::Tensor& features) {
    const at::Tensor rows = features.to(at::kDouble);
    mean = rows.mean(0);
    covariance = at::cov(rows.t());
  }
};

/// |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) (Dowson & Landau 1982; Heusel et al. 2017).
inline double frechet_distance(const Statistics& a, const Statistics& b) {
  // The eigenvalues of C1 C2 are those of S C2 S, S = C1^(1/2), which is symmetric.
  const auto [values, vectors] = at::linalg_eigh(a.covariance);
  const at::Tensor root = vectors.matmul(values.clamp_min(0).sqrt().diag()).matmul(vectors.t());
  const at::Tensor products = at::linalg_eigvalsh(root.matmul(b.covariance).matmul(root));
  const at::Tensor distance = (a.mean - b.mean).square().sum() + a.covariance.trace() + b.covariance.trace() -
                              2 * products.clamp_min(0).sqrt().sum();
  return std::max(distance.item<double>(), 0.0);  // rounding may leave -1e-13
}

struct LabelledImages {
  at::Tensor images, labels;  ///< uint8 [N, 1, 28, 28], int64 [N]
};

/// The real set: `part` is train or t10k.
inline LabelledImages fashion_mnist(const std::string& part) {
  const std::filesystem::path folder = "/usr/share/datasets/fashion-mnist";
  return {read_idx(folder / (part + "-images-idx3-ubyte.gz")).unsqueeze(1),
          read_idx(folder / (part + "-labels-idx1-ubyte.gz")).to(at::kLong)};
}

/// A folder written by `uvic-fid dump`; each PNG's record says which label was asked for.
inline LabelledImages read_dump(const std::filesystem::path& folder) {
  static const std::regex label_of("--labels ([0-9]+)");
  std::vector<at::Tensor> images;
  std::vector<int64_t> labels;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto png = inspect_png(entry.path());
    if (!png || !png->text.contains("parameters")) continue;
    const std::string record = png->text.at("parameters");
    std::smatch match;
    check_usage(std::regex_search(record, match, label_of), entry.path().string(),
                ": its record names no label");
    const cv::Mat image = cv::imread(entry.path().string(), cv::IMREAD_GRAYSCALE);
    images.push_back(at::from_blob(image.data, {1, image.rows, image.cols}, at::kByte).clone());
    labels.push_back(std::stoll(match[1]));
  }
  check_usage(!images.empty(), folder.string(), ": holds no images of uvic-fid dump");
  return {at::stack(images), at::tensor(labels, at::kLong)};
}

struct Verdict {
  int64_t images = 0;
  double accuracy = 0;          ///< share that the classifier gives the label asked for
  double frechet_distance = 0;  ///< to the 10,000 real test images
};

class Judge {
 public:
  explicit Judge(Classifier classifier)
      : classifier_(std::move(classifier)), real_(features(fashion_mnist("t10k").images)) {}

  Verdict judge(const LabelledImages& set) const {
    const at::Tensor rows = features(set.images);
    const at::Tensor right = classifier_.logits(rows).argmax(1) == set.labels;
    return {set.images.size(0), right.to(at::kDouble).mean().item<double>(),
            frechet_distance(Statistics(rows), real_)};
  }

 private:
  at::Tensor features(const at::Tensor& images) const {
    std::vector<at::Tensor> rows;
    for (const at::Tensor& batch : images.split(500)) rows.push_back(classifier_.features(batch));
    return at::cat(rows);
  }
  Classifier classifier_;
  Statistics real_;
};

/// The trained classifier that the tests carry (see tests/tools/judge.cpp).
inline Classifier shipped_classifier() {
  return Classifier(load_safetensors(fixture("fashion_classifier.safetensors")).tensors);
}

}  // namespace uvic::testing
