// Where the time of a piece of work goes: kernels on a GPU, operators' own time on the CPU.
#pragma once
#include <c10/core/Device.h>

#include <torch/csrc/autograd/profiler_kineto.h>
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace uvic::tools {

struct ProfileRow {
  std::string name;
  double ms = 0;
  int64_t calls = 0;
};

/// An operator's own time is its duration less that of the operators that it calls on its thread.
inline void add_own_times(std::vector<const torch::autograd::profiler::KinetoEvent*>& events,
                          std::map<std::string, ProfileRow>& rows) {
  std::sort(events.begin(), events.end(), [](const auto* a, const auto* b) {
    return std::pair(a->startNs(), b->endNs()) < std::pair(b->startNs(), a->endNs());
  });
  std::map<uint64_t, std::vector<const torch::autograd::profiler::KinetoEvent*>> open;
  for (const auto* event : events) {
    auto& stack = open[event->startThreadId()];
    while (!stack.empty() && stack.back()->endNs() <= event->startNs()) stack.pop_back();
    const double ms = double(event->durationNs()) * 1e-6;
    if (!stack.empty()) rows[stack.back()->name()].ms -= ms;
    stack.push_back(event);
    rows[event->name()].ms += ms;
    ++rows[event->name()].calls;
  }
}

/// Calls `work` `times` times under ATen's profiler and prints the `most` dearest rows, a call of `work`
/// each.
inline void print_profile(c10::Device device, int times, size_t most, const std::function<void()>& work) {
  using namespace torch::autograd::profiler;
  const ProfilerConfig config(ProfilerState::KINETO);
  std::set<ActivityType> activities = {ActivityType::CPU};
  if (device.is_cuda()) activities.insert(ActivityType::CUDA);
  prepareProfiler(config, activities);
  enableProfiler(config, activities);
  for (int i = 0; i < times; ++i) work();
  const auto result = disableProfiler();
  std::map<std::string, ProfileRow> rows;
  std::vector<const KinetoEvent*> on_cpu;
  for (const KinetoEvent& event : result->events()) {
    if (device.is_cuda() && event.deviceType() == c10::DeviceType::CUDA) {
      rows[event.name()].ms += double(event.durationNs()) * 1e-6;
      ++rows[event.name()].calls;
    } else if (!device.is_cuda() && event.deviceType() == c10::DeviceType::CPU) {
      on_cpu.push_back(&event);
    }
  }
  add_own_times(on_cpu, rows);
  double all = 0;
  std::vector<ProfileRow> sorted;
  for (auto& [name, row] : rows) {
    row.name = name;
    all += row.ms;
    sorted.push_back(row);
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.ms > b.ms; });
  int64_t calls = 0;
  for (const ProfileRow& row : sorted) calls += row.calls;
  std::printf("  profile: %.3f ms in %.0f %s\n", all / times, double(calls) / times,
              device.is_cuda() ? "kernels and copies" : "operators");
  for (size_t i = 0; i < std::min(most, sorted.size()); ++i)
    std::printf("  %5.1f%% %9.3f ms %6.1f x %.100s\n", 100 * sorted[i].ms / all, sorted[i].ms / times,
                double(sorted[i].calls) / times, sorted[i].name.c_str());
}

}  // namespace uvic::tools
