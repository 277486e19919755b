// Turns what `nvcc -Xptxas -v` says (standard input) into the table of kernels/bench/ptxas_report.txt
// (standard output). Exit code 1 where a kernel for D = 64 spills, or one of a block's rows.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <map>
#include <regex>
#include <string>
#include <tuple>

#include "kernels/cuda/shapes.h"

namespace {

using uvic::cuda::KernelShape;
using uvic::cuda::Pass;

struct Compiled {
  int registers = 0, spill_stores = 0, spill_loads = 0;
};
// (kind, type, head size, pass, architecture)
using Key = std::tuple<std::string, std::string, int, int, int>;
// (pass, type, architecture), of kernels/cuda/block_rows.cu
using RowKey = std::tuple<std::string, std::string, int>;
struct Kernels {
  std::map<Key, Compiled> attention;
  std::map<RowKey, Compiled> rows;
};

template <class T>
KernelShape shape_of(int head_dim, Pass pass) {
  switch (head_dim) {
    case 32:
      return uvic::cuda::kernel_shape<T, 32>(pass);
    case 64:
      return uvic::cuda::kernel_shape<T, 64>(pass);
    case 72:
      return uvic::cuda::kernel_shape<T, 72>(pass);
    case 80:
      return uvic::cuda::kernel_shape<T, 80>(pass);
    case 96:
      return uvic::cuda::kernel_shape<T, 96>(pass);
    default:
      return uvic::cuda::kernel_shape<T, 128>(pass);
  }
}

// Blocks that fit an SM: 64 K registers, allotted to a warp in units of 256; 164 or 228 KB of shared memory,
// 1 KB a block kept by the system; 2048 threads.
int blocks_per_sm(const KernelShape& shape, int registers, int architecture) {
  const int warps = shape.threads / 32, of_warp = (registers * 32 + 255) / 256 * 256;
  const int shared = (architecture >= 90 ? 228 : 164) << 10;
  return std::min({65536 / (of_warp * warps), shared / (shape.shared_bytes + 1024), 2048 / shape.threads});
}

Kernels read(std::istream& in) {
  const std::regex attention(
      "Compiling entry function "
      "'.*attention_kernelINS0_[0-9]+([A-Za-z]+)ENS0_[0-9]+([A-Za-z0-9]+)ELi([0-9]+)ELNS0_4PassE"
      "([0-9])E.*' for 'sm_([0-9]+)'");
  const std::regex rows(
      "Compiling entry function "
      "'.*[0-9](residual|residual_backward|gelu)_kernelINS0_[0-9]+(Float|BFloat16)E(Lb1)?.*' for "
      "'sm_([0-9]+)'");
  const std::regex spills("([0-9]+) bytes spill stores, ([0-9]+) bytes spill loads");
  const std::regex registers("Used ([0-9]+) registers");
  Kernels kernels;
  Compiled* current = nullptr;
  std::smatch found;
  for (std::string line; std::getline(in, line);) {
    if (std::regex_search(line, found, attention)) {
      current = &kernels.attention[{found[1], found[2], std::stoi(found[3]), std::stoi(found[4]),
                                    std::stoi(found[5])}];
    } else if (std::regex_search(line, found, rows)) {
      const std::string pass = found[1].str() + (found[3].matched ? "_backward" : "");
      current = &kernels.rows[{pass, found[2], std::stoi(found[4])}];
    } else if (current && std::regex_search(line, found, spills)) {
      current->spill_stores = std::stoi(found[1]);
      current->spill_loads = std::stoi(found[2]);
    } else if (current && std::regex_search(line, found, registers)) {
      current->registers = std::stoi(found[1]);
    }
  }
  return kernels;
}

}  // namespace

int main() {
  const char* const passes[] = {"forward", "statistics", "query_gradient", "key_gradients"};
  const auto [attention, rows] = read(std::cin);
  if (attention.empty()) {
    std::fputs("no kernels in the input: it must be the output of nvcc -Xptxas -v\n", stderr);
    return 1;
  }
  int spilling = 0;
  std::printf("%-8s %-9s %4s %-15s %6s %10s %13s %13s %8s %14s\n", "kind", "type", "D", "kernel", "arch",
              "registers", "spill stores", "shared bytes", "threads", "blocks per SM");
  for (const auto& [key, compiled] : attention) {
    const auto& [kind, type, head_dim, pass, architecture] = key;
    const KernelShape shape = type == "Half"       ? shape_of<uvic::cuda::Half>(head_dim, Pass(pass))
                              : type == "BFloat16" ? shape_of<uvic::cuda::BFloat16>(head_dim, Pass(pass))
                                                   : shape_of<uvic::cuda::Float>(head_dim, Pass(pass));
    std::printf("%-8s %-9s %4d %-15s %6s %10d %13d %13d %8d %14d\n", kind.c_str(), type.c_str(), head_dim,
                passes[pass], ("sm_" + std::to_string(architecture)).c_str(), compiled.registers,
                compiled.spill_stores, shape.shared_bytes, shape.threads,
                blocks_per_sm(shape, compiled.registers, architecture));
    spilling += head_dim == 64 && compiled.spill_stores + compiled.spill_loads > 0;
  }
  std::printf("\n%-18s %-9s %6s %10s %13s   of a block's rows\n", "kernel", "type", "arch", "registers",
              "spill stores");
  for (const auto& [key, compiled] : rows) {
    const auto& [pass, type, architecture] = key;
    std::printf("%-18s %-9s %6s %10d %13d\n", pass.c_str(), type.c_str(),
                ("sm_" + std::to_string(architecture)).c_str(), compiled.registers, compiled.spill_stores);
    spilling += compiled.spill_stores + compiled.spill_loads > 0;
  }
  if (spilling > 0) std::fprintf(stderr, "%d kernels for D = 64, or of rows, spill registers\n", spilling);
  return spilling > 0;
}
