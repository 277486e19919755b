// The page in Chromium: the script runs without complaint, the pointer reads values out, the slider changes
// grids.
#include <gtest/gtest.h>

#include <regex>

#include "io/png.h"
#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_ok;
using testing::run;
using testing::TrainedRun;

class Browser : public ::testing::Test {
 protected:
  // What the page's elements are after its script and `more` have run; nothing was complained of.
  std::string dom(const std::string& page, const std::string& more) {
    const fs::path copy = folder_ / "page.html";
    testing::write_bytes(copy, testing::read_bytes(page) + "<script>{" + more + "}</script>");
    const auto result =
        run(chromium() + " --enable-logging=stderr --virtual-time-budget=2000 --dump-dom file://" +
            copy.string());
    expect_ok(result);
    EXPECT_FALSE(std::regex_search(result.err, std::regex("CONSOLE.*(rror|efused)"))) << result.err;
    return result.out;
  }
  std::string chromium() const {
    return UVIC_CHROMIUM
           " --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir=" +
           (folder_ / "profile").string();
  }
  testing::TemporaryDirectory folder_;
};

TEST_F(Browser, ReadsCurvesAndGridsOut) {
  const TrainedRun files;
  const std::string page = (files / "run/report.html").string();
  expect_ok(run("uvic-report --quiet " + (files / "run").string()));
  const std::string dom = this->dom(page, R"js(
    const plot = document.querySelector("#chart0 .plot"), box = plot.getBoundingClientRect();
    plot.dispatchEvent(new PointerEvent("pointermove", {clientX: box.left + 1, clientY: box.top + 9}));
    const input = document.querySelector("#samples input");
    input.value = 0;
    input.dispatchEvent(new Event("input"));
    document.getElementById("log")?.click();
    const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
    document.body.dataset.seen = [document.querySelector("#chart0 .at output").textContent,
      document.querySelector("#chart0 .pointer").hidden, document.querySelectorAll("#chart0 .pointer i").length > 0,
      document.querySelector(".frame.shown").dataset.step, document.querySelectorAll(".frame.shown").length,
      document.querySelector(".scale.linear path.points").getBoundingClientRect().width > 99 || "log", wide].join(" ");
  )js");
  EXPECT_NE(dom.find("data-seen=\"step 2 false true 3 1 "), std::string::npos)
      << dom.substr(dom.find("<body"), 90);
  EXPECT_NE(dom.find(" false\""), std::string::npos) << "it is wider than the window";

  for (const char* size : {"400,900", "1600,1000"}) {
    const fs::path picture = folder_ / "page.png";
    expect_ok(run(chromium() + " --blink-settings=preferredColorScheme=0 --window-size=" + size +
                  " --screenshot=" + picture.string() + " file://" + page));
    const auto info = inspect_png(picture);
    ASSERT_TRUE(info.has_value());
    EXPECT_EQ(std::to_string(info->width) + "," + std::to_string(info->height), size);
  }
}

}  // namespace
}  // namespace uvic
