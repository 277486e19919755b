#include "core/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "core/errors.h"
#include "core/reproducible.h"
#include "core/version.h"

namespace uvic {

c10::Device parse_device(const std::string& text) {
  const bool cuda = at::hasCUDA() && at::getNumGPUs() > 0;
  if (cuda && text != "cpu") make_gpus_reproducible();
  if (text == "auto") return cuda ? c10::Device(c10::kCUDA, 0) : c10::Device(c10::kCPU);
  if (text == "cpu") return c10::Device(c10::kCPU);
  const bool form = text == "cuda" || (text.starts_with("cuda:") && text.size() > 5 && text.size() < 9 &&
                                       text.find_first_not_of("0123456789", 5) == std::string::npos);
  check_usage(form, "--device '", text, "' must be auto, cpu, cuda or cuda:N");
  check_usage(cuda, "--device ", text, ": no CUDA device is available",
              std::string(UVIC_CUDA_VERSION) == "not built" ? " (this build uses LibTorch's CPU libraries)"
                                                            : " on this machine");
  const int index = text == "cuda" ? 0 : std::stoi(text.substr(5));
  check_usage(size_t(index) < at::getNumGPUs(), "--device ", text, ": this machine has ", at::getNumGPUs(),
              " CUDA device(s), numbered from 0");
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
}

void set_threads(int threads) {
  if (threads > 0) at::set_num_threads(threads);
}

void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 25);  // the most that glibc takes
  mallopt(M_TRIM_THRESHOLD, 1 << 28);
#endif
}

std::string cpu_capability() {
  return at::get_cpu_capability();
}

std::string version_number() {
  return UVIC_VERSION;
}

std::string libtorch_version() {
  return TORCH_VERSION;
}

std::string version_text(const std::string& program) {
  return c10::str(program, " ", UVIC_VERSION, " (commit ", UVIC_COMMIT, ")\nLibTorch ", TORCH_VERSION,
                  "\nCUDA ", UVIC_CUDA_VERSION, "\nCPU capability ", cpu_capability(), ", ",
                  at::get_num_threads(), " threads");
}

}  // namespace uvic
