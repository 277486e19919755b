#include "core/machine.h"

#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <vector>

#include "core/text.h"

namespace uvic {
namespace {

// What stands behind "key : " where that is first met in a file of such lines; empty if it is not.
std::string value_in(const std::filesystem::path& file, const std::string& key) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(':');
    if (colon != std::string::npos && trimmed(line.substr(0, colon)) == key)
      return trimmed(line.substr(colon + 1));
  }
  return "";
}

}  // namespace

std::string machine_text() {
  std::vector<std::string> parts;
  const std::string cpu = value_in("/proc/cpuinfo", "model name");
  if (!cpu.empty()) parts.push_back(cpu);
  parts.push_back(count_of(uint64_t(sysconf(_SC_NPROCESSORS_ONLN)), "core"));
  const double memory = double(sysconf(_SC_PHYS_PAGES)) * double(sysconf(_SC_PAGESIZE));
  parts.push_back(format_bytes(memory) + " of memory");
  std::string text = join(parts, ", ");
  std::error_code none;
  for (const auto& gpu : std::filesystem::directory_iterator("/proc/driver/nvidia/gpus", none)) {
    const std::string model = value_in(gpu.path() / "information", "Model");
    if (!model.empty()) text += "; " + model;
  }
  return text;
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

}  // namespace uvic
