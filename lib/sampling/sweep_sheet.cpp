#include "sampling/sweep_sheet.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "io/mat.h"
#include "sampling/drawing.h"

namespace uvic {
namespace {

constexpr int64_t kSheetGap = 12, kLine = 22;

int widest(const std::vector<std::string>& labels) {
  int width = 0;
  for (const std::string& label : labels) width = std::max(width, caption_width(label));
  return width;
}

// Where the cells lie.
struct Layout {
  int64_t by, left, step_x, step_y;

  Layout(const std::vector<std::string>& columns, const std::vector<std::string>& rows, int64_t H, int64_t W)
      : by(enlarged_by(W)),
        left(kSheetGap + (rows.empty() ? 0 : widest(rows) + kSheetGap)),
        step_x(std::max<int64_t>(by * W, widest(columns)) + kSheetGap),
        step_y(by * H + kSheetGap) {}
};

}  // namespace

std::pair<int64_t, int64_t> sweep_sheet_size(const std::vector<std::string>& columns,
                                             const std::vector<std::string>& rows, int64_t H, int64_t W) {
  const Layout layout(columns, rows, H, W);
  return {kLine + kSheetGap / 2 + int64_t(std::max<size_t>(rows.size(), 1)) * layout.step_y,
          layout.left + int64_t(columns.size()) * layout.step_x};
}

at::Tensor sweep_sheet(const std::vector<at::Tensor>& cells, const std::vector<std::string>& columns,
                       const std::vector<std::string>& rows) {
  TORCH_CHECK(!cells.empty() && cells.size() == columns.size() * std::max<size_t>(rows.size(), 1),
              cells.size(), " cells for ", columns.size(), " columns and ", rows.size(), " rows");
  const int64_t H = cells[0].size(1), W = cells[0].size(2);
  const Layout layout(columns, rows, H, W);
  const auto [height, width] = sweep_sheet_size(columns, rows, H, W);
  cv::Mat sheet(int(height), int(width), CV_8UC3, cv::Scalar::all(255));
  const int cell_width = int(layout.by * W), cell_height = int(layout.by * H);
  const int64_t top = kLine + kSheetGap / 2;
  for (size_t col = 0; col < columns.size(); ++col) {
    const int left = int(layout.left + int64_t(col) * layout.step_x);
    write_caption(sheet, columns[col], {left + cell_width / 2, int(kLine) - 5}, Align::kCentre);
  }
  for (size_t row = 0; row < rows.size(); ++row)
    write_caption(sheet, rows[row],
                  {int(kSheetGap), int(top + int64_t(row) * layout.step_y) + cell_height / 2 + 4},
                  Align::kLeft);
  for (size_t i = 0; i < cells.size(); ++i) {
    const int x = int(layout.left + int64_t(i % columns.size()) * layout.step_x),
              y = int(top + int64_t(i / columns.size()) * layout.step_y);
    enlarged(cells[i], layout.by).copyTo(sheet(cv::Rect(x, y, cell_width, cell_height)));
  }
  return picture_of(sheet);
}

}  // namespace uvic
