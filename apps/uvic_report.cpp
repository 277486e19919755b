// uvic-report: a run as a page to look at, alone or beside others.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "app.h"
#include "core/errors.h"
#include "core/log.h"
#include "core/signals.h"
#include "core/text.h"
#include "io/atomic_file.h"
#include "io/output_path.h"
#include "report/page.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

struct ReportApp {
  std::string run_path, out;
  std::vector<std::string> others;
  PageOptions page;
  bool quiet = false;

  void add_to(CLI::App& app) {
    app.add_option("RUN", run_path, "a run directory: what uvic-train --out or uvic-lm train --out wrote");
    app.add_option("--compare", others, "runs that are laid over it, or over each other if there is no RUN")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option("--out", out,
                   "the page; default report.html in the run, or compare.html in the first one");
    app.add_option("--grids", page.most_grids, "grids of samples that go into the page, of each run")
        ->check(CLI::Range(1, 10000))
        ->capture_default_str();
    app.add_option("--watch", page.reload_seconds,
                   "write it again every so many seconds until the run has finished; the page reloads itself")
        ->check(CLI::Range(1, 86400));
    app.add_flag("--quiet", quiet, "only warnings and errors");
  }

  int run() {
    set_quiet(quiet);
    std::vector<std::string> paths;
    if (!run_path.empty()) paths.push_back(run_path);
    paths.insert(paths.end(), others.begin(), others.end());
    check_usage(!paths.empty(), "give a run directory, or --compare RUN RUN");
    check_usage(others.empty() || paths.size() > 1, "--compare: ", paths.front(),
                " has nothing to be compared with");
    check_usage(paths.size() <= 8, "--compare: ", paths.size(),
                " runs are more than the 8 that can be told apart");
    const std::string given = out.empty() ? "" : "--out";
    const fs::path file = !out.empty()
                              ? fs::path(out)
                              : fs::path(paths.front()) / (paths.size() > 1 ? "compare.html" : "report.html");
    install_signal_handlers();
    for (bool first = true;; first = false) {
      std::vector<RunFacts> runs;
      for (const std::string& path : paths) runs.push_back(read_run(path));
      const bool last = page.reload_seconds == 0 ||
                        std::all_of(runs.begin(), runs.end(), [](auto& r) { return r.finished(); });
      if (first) check_output_file(given, file, {".html", ".htm"});
      write(runs, file, last);
      if (last) return kDone;
      if (first) log_info("wrote ", file.string(), "; again every ", page.reload_seconds, " s, until Ctrl-C");
      if (!wait()) return kInterrupted;
    }
  }

 private:
  void write(const std::vector<RunFacts>& runs, const fs::path& file, bool last) const {
    PageOptions options = page;
    if (last) options.reload_seconds = 0;
    const std::string html =
        runs.size() == 1 ? report_page(runs.front(), options) : comparison_page(runs, options);
    write_file_atomically(file, html);
    if (last) log_info("wrote ", file.string(), ", ", format_bytes(double(html.size())));
  }

  // False if a signal came.
  bool wait() const {
    for (int64_t tenths = 0; tenths < 10 * page.reload_seconds && received_signal() == 0; ++tenths)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return received_signal() == 0;
  }
};

}  // namespace
}  // namespace uvic

int main(int argc, char** argv) {
  uvic::ReportApp report;
  return uvic::run_app(
      "uvic-report", "Writes a page on a training run, or on several beside each other.", argc, argv,
      [&](CLI::App& app) { report.add_to(app); },
      [&] {
        uvic::refuse_ranks("uvic-report");
        return report.run();
      });
}
