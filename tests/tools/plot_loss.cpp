// `plot_loss OUT.png LABEL=metrics.jsonl ...`: the training loss over the images seen, one curve a run.
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>

#include "support/image_files.h"

namespace uvic::testing {
namespace {

constexpr int kWidth = 900, kHeight = 420, kLeft = 80, kRight = 20, kTop = 20, kBottom = 50;
const std::array kColours = {cv::Scalar(190, 110, 30), cv::Scalar(40, 110, 220),
                             cv::Scalar(80, 150, 60)};  // BGR

struct Curve {
  std::string label;
  std::vector<double> images, loss;  // loss: a running mean over about 30 lines of metrics.jsonl
};

Curve read_curve(const std::string& argument) {
  const size_t equals = argument.find('=');
  TORCH_CHECK(equals != std::string::npos, argument, " must be LABEL=metrics.jsonl");
  Curve curve{argument.substr(0, equals), {}, {}};
  std::ifstream file(argument.substr(equals + 1));
  TORCH_CHECK(file.is_open(), "cannot open ", argument.substr(equals + 1));
  double mean = 0;
  for (std::string line; std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line);
    if (!json.contains("loss")) continue;
    mean += (json["loss"].get<double>() - mean) / double(std::min<size_t>(curve.loss.size() + 1, 30));
    curve.images.push_back(json["images"]);
    curve.loss.push_back(mean);
  }
  return curve;
}

void write(const cv::Mat& picture, const std::string& text, cv::Point place,
           const cv::Scalar& colour = {60, 60, 60}) {
  cv::putText(picture, text, place, cv::FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv::LINE_AA);
}

void plot(const std::string& out, const std::vector<Curve>& curves) {
  double most_images = 0, low = INFINITY, high = 0;
  for (const Curve& curve : curves) {
    most_images = std::max(most_images, curve.images.back());
    low = std::min(low, *std::min_element(curve.loss.begin(), curve.loss.end()));
    for (size_t i = 0; i < curve.loss.size(); ++i) {
      if (curve.images[i] > 0.02 * most_images) high = std::max(high, curve.loss[i]);  // not the first fall
    }
  }
  low = std::floor(low * 50) / 50;
  high = std::ceil(high * 50) / 50;
  cv::Mat picture(kHeight, kWidth, CV_8UC3, cv::Scalar(255, 255, 255));
  const auto place = [&](double images, double loss) {
    return cv::Point(kLeft + int(images / most_images * (kWidth - kLeft - kRight)),
                     kHeight - kBottom - int((loss - low) / (high - low) * (kHeight - kTop - kBottom)));
  };
  for (int i = 0; i <= 4; ++i) {
    const double loss = low + (high - low) * i / 4, images = most_images * i / 4;
    cv::line(picture, place(0, loss), place(most_images, loss), {225, 225, 225});
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", loss);
    write(picture, text, place(0, loss) + cv::Point(-55, 5));
    std::snprintf(text, sizeof text, "%.0fk", images / 1000);
    write(picture, text, place(images, low) + cv::Point(i == 4 ? -35 : -10, 20));
  }
  write(picture, "training loss (x0 prediction) over images seen", {kWidth / 2 - 190, kHeight - 10});
  for (size_t c = 0; c < curves.size(); ++c) {
    const auto& colour = kColours[c % kColours.size()];
    for (size_t i = 1; i < curves[c].loss.size(); ++i) {
      if (curves[c].loss[i - 1] > high) continue;
      cv::line(picture, place(curves[c].images[i - 1], curves[c].loss[i - 1]),
               place(curves[c].images[i], curves[c].loss[i]), colour, 2, cv::LINE_AA);
    }
    write(picture, curves[c].label, {kWidth - 160, kTop + 25 + int(c) * 24}, colour);
  }
  write_image(out, picture);
}

}  // namespace
}  // namespace uvic::testing

int main(int argc, char** argv) {
  using namespace uvic::testing;
  try {
    TORCH_CHECK(argc >= 3, "usage: plot_loss OUT.png LABEL=metrics.jsonl ...");
    std::vector<Curve> curves;
    for (int i = 2; i < argc; ++i) curves.push_back(read_curve(argv[i]));
    plot(std::filesystem::absolute(argv[1]), curves);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
}
