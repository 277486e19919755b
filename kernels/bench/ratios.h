// Runs google-benchmark with repetitions in random order, so that drift of the machine hits every row alike,
// and prints the ratios of medians after its table.
#pragma once
#include <functional>

namespace uvic::bench {

/// `register_all` registers benchmarks named <kernel>/<pass>/<dtype>/<shape>, once the options are known to
/// be good. Returns main's exit code.
int run_interleaved(int argc, char** argv, const std::function<void()>& register_all);

}  // namespace uvic::bench
