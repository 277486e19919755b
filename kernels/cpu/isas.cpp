#include <ATen/Version.h>

#include "kernels/cpu/cog_attention_cpu.h"

namespace uvic::cpu {
namespace {

std::vector<Isa> find_supported() {
  std::vector<Isa> found;
#if defined(UVIC_X86)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  // Every CPU with bfloat16 products has those of 8-bit integers (VNNI) too.
  if (avx512 && __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vnni"))
    found.push_back(
        {"AVX-512 bf16", avx512_bf16_kernels, avx512_bf16_decode, avx512_bf16_rows, avx512_bf16_linear});
  if (avx512) found.push_back({"AVX-512", avx512_kernels, avx512_decode, avx512_rows, avx512_linear});
  if (avx2) found.push_back({"AVX2", avx2_kernels, avx2_decode, avx2_rows, avx2_linear});
#endif
  found.push_back({"portable", portable_kernels, portable_decode, portable_rows, portable_linear});
  return found;
}

}  // namespace

const std::vector<Isa>& supported_isas() {
  static const std::vector<Isa> found = find_supported();
  return found;
}

const Isa& default_isa() {
  static const Isa& chosen = []() -> const Isa& {
    const std::string capability = at::get_cpu_capability();  // "AVX512", "AVX2", "DEFAULT"
    for (const Isa& isa : supported_isas()) {
      if (isa.name.starts_with("AVX-512") && !capability.starts_with("AVX512")) continue;
      if (isa.name == "AVX2" && !capability.starts_with("AVX")) continue;
      return isa;
    }
    return supported_isas().back();
  }();
  return chosen;
}

}  // namespace uvic::cpu
