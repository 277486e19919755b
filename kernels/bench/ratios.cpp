#include "kernels/bench/ratios.h"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace uvic::bench {
namespace {

// Google-benchmark's console table, and the median time of each row.
class Medians : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.aggregate_name == "median") medians_[run.run_name.function_name] = run.GetAdjustedRealTime();
    }
    ConsoleReporter::ReportRuns(runs);
  }

  void print_ratios() const {
    std::fprintf(stderr, "\nratios of medians%33s", "");
    const std::pair<std::string, std::string> columns[] = {{"cog_fused", "sdpa"},
                                                           {"softmax_fused", "sdpa"},
                                                           {"cog_unfused", "sdpa"},
                                                           {"cog_unfused", "cog_fused"}};
    for (const auto& [of, to] : columns) std::fprintf(stderr, "  %21s", (of + "/" + to).c_str());
    for (const auto& [name, time] : medians_) {
      if (!name.starts_with("cog_fused/")) continue;
      const std::string row = name.substr(name.find('/'));
      std::fprintf(stderr, "\n%-50s", row.c_str() + 1);
      for (const auto& [of, to] : columns)
        std::fprintf(stderr, "  %21.2f", median(of + row) / median(to + row));
    }
    std::fputc('\n', stderr);
  }

 private:
  double median(const std::string& name) const {
    const auto found = medians_.find(name);
    return found == medians_.end() ? 0 : found->second;
  }

  std::map<std::string, double> medians_;
};

}  // namespace

int run_interleaved(int argc, char** argv, const std::function<void()>& register_all) {
  std::vector<char*> options(argv, argv + argc);
  std::string defaults[] = {"--benchmark_repetitions=9", "--benchmark_enable_random_interleaving=true",
                            "--benchmark_min_time=0.1", "--benchmark_display_aggregates_only=true"};
  for (std::string& option : defaults) options.insert(options.begin() + 1, option.data());  // given ones win
  int count = int(options.size());
  benchmark::Initialize(&count, options.data());
  if (benchmark::ReportUnrecognizedArguments(count, options.data())) return 2;
  register_all();
  Medians reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  reporter.print_ratios();
  return 0;
}

}  // namespace uvic::bench
