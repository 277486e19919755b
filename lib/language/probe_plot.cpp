#include "language/probe_plot.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "io/mat.h"

namespace uvic {
namespace {

constexpr int kWidth = 560, kHeight = 440;  // of a panel
constexpr int kLeft = 80, kRight = 20, kTop = 40, kBottom = 60;
const std::array kColours = {cv::Scalar(190, 110, 30), cv::Scalar(40, 110, 220), cv::Scalar(80, 150, 60),
                             cv::Scalar(150, 60, 140)};  // BGR
const cv::Scalar kText(60, 60, 60), kGrid(225, 225, 225);

using Test = Distance ProbeRow::*;
using Norm = double Distance::*;
enum class Align { kLeft, kCentre, kRight };

/// `place`: the left end, the middle or the right end of the line on which the letters stand.
void write(cv::Mat& picture, const std::string& text, cv::Point place, Align align,
           const cv::Scalar& colour = kText, double scale = 0.5) {
  const int width = cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, scale, 1, nullptr).width;
  place.x -= align == Align::kLeft ? 0 : align == Align::kCentre ? width / 2 : width;
  cv::putText(picture, text, place, cv::FONT_HERSHEY_SIMPLEX, scale, colour, 1, cv::LINE_AA);
}

/// Whole powers of `base`, as exponents, around all values.
struct LogRange {
  int low = 0, high = 1;

  LogRange(const std::vector<double>& values, double base) {
    if (values.empty()) return;
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    low = int(std::floor(std::log(*least) / std::log(base)));
    high = std::max(int(std::ceil(std::log(*most) / std::log(base))), low + 1);
  }
};

/// One test.
class Panel {
 public:
  Panel(const std::vector<ProbeResult>& results, Test test, Norm norm)
      : results_(results), test_(test), norm_(norm), x_(all(true), 2), y_(all(false), 10) {}

  cv::Mat draw(const std::string& title, const std::string& unit) const {
    cv::Mat picture(kHeight, kWidth, CV_8UC3, cv::Scalar(255, 255, 255));
    draw_axes(picture);
    write(picture, title, {(kLeft + kWidth - kRight) / 2, kTop - 14}, Align::kCentre, kText, 0.55);
    write(picture, "ones, n", {(kLeft + kWidth - kRight) / 2, kHeight - 14}, Align::kCentre);
    write(picture, unit, {8, kTop - 14}, Align::kLeft);
    for (size_t i = 0; i < results_.size(); ++i) draw_curve(picture, results_[i], kColours[i]);
    return picture;
  }

 private:
  double value(const ProbeRow& row) const { return row.*test_.*norm_; }

  std::vector<double> all(bool ones) const {
    std::vector<double> values;
    for (const ProbeResult& result : results_) {
      for (const ProbeRow& row : result.rows) {
        if (value(row) > 0) values.push_back(ones ? double(row.ones) : value(row));
      }
    }
    return values;
  }

  /// Of log2 of ones and log10 of a difference.
  cv::Point place(double x, double y) const {
    const double right = (x - x_.low) / (x_.high - x_.low), up = (y - y_.low) / (y_.high - y_.low);
    return {kLeft + int(std::lround(right * (kWidth - kLeft - kRight))),
            kHeight - kBottom - int(std::lround(up * (kHeight - kTop - kBottom)))};
  }

  void draw_axes(cv::Mat& picture) const {
    const int every_y = (y_.high - y_.low + 9) / 10, every_x = (x_.high - x_.low + 9) / 10;
    for (int y = y_.low; y <= y_.high; y += every_y) {
      cv::line(picture, place(x_.low, y), place(x_.high, y), kGrid);
      write(picture, "1e" + std::to_string(y), place(x_.low, y) + cv::Point(-8, 5), Align::kRight);
    }
    for (int x = x_.low; x <= x_.high; x += every_x) {
      cv::line(picture, place(x, y_.low), place(x, y_.high), kGrid);
      write(picture, std::to_string(int64_t{1} << x), place(x, y_.low) + cv::Point(0, 20), Align::kCentre);
    }
    cv::rectangle(picture, place(x_.low, y_.high), place(x_.high, y_.low), kText);
  }

  void draw_curve(cv::Mat& picture, const ProbeResult& result, const cv::Scalar& colour) const {
    std::vector<cv::Point> points;
    for (const ProbeRow& row : result.rows) {
      if (value(row) > 0) points.push_back(place(std::log2(double(row.ones)), std::log10(value(row))));
    }
    cv::polylines(picture, points, /*isClosed=*/false, colour, 2, cv::LINE_AA);
    for (const cv::Point& point : points) cv::circle(picture, point, 3, colour, cv::FILLED, cv::LINE_AA);
  }

  const std::vector<ProbeResult>& results_;
  Test test_;
  Norm norm_;
  LogRange x_, y_;
};

/// The names of the curves, under both panels.
cv::Mat legend(const std::vector<ProbeResult>& results) {
  constexpr int kLine = 22;
  cv::Mat picture(kLine * int(results.size()) + 10, 2 * kWidth, CV_8UC3, cv::Scalar(255, 255, 255));
  for (size_t i = 0; i < results.size(); ++i) {
    const int y = kLine * int(i) + 12;
    cv::line(picture, {kLeft, y}, {kLeft + 30, y}, kColours[i], 2, cv::LINE_AA);
    write(picture, results[i].name, {kLeft + 40, y + 5}, Align::kLeft, kColours[i]);
  }
  return picture;
}

}  // namespace

at::Tensor plot_probe(const std::vector<ProbeResult>& results, const std::string& norm) {
  TORCH_CHECK(!results.empty() && results.size() <= kColours.size(), "a plot of ", results.size(), " curves");
  const Norm member = norm_named(norm);
  const auto panel = [&](Test test, const char* title) {
    return Panel(results, test, member).draw(title, "difference, " + norm);
  };
  cv::Mat panels, picture;
  cv::hconcat(panel(&ProbeRow::one_more, "n + 1 ones against n ones"),
              panel(&ProbeRow::zero_before, "a zero and n ones against n ones"), panels);
  cv::vconcat(panels, legend(results), picture);
  cv::cvtColor(picture, picture, cv::COLOR_BGR2RGB);
  return picture_of(picture);
}

}  // namespace uvic
