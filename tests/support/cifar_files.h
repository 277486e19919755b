// Small CIFAR files, written byte by byte.
#pragma once
#include "support/idx_files.h"

namespace uvic::testing {

/// `count` records of `label_bytes` labels and 3 x 32 x 32 bytes of noise; the last label of record i is
/// (first + i) mod classes, the others are 0.
inline std::string cifar_records(uint32_t count, size_t label_bytes, uint32_t classes, uint32_t first = 0) {
  std::string bytes;
  for (uint32_t i = first; i < first + count; ++i) {
    bytes += std::string(label_bytes - 1, '\0') + static_cast<char>(i % classes) + noise_bytes(3072, i);
  }
  return bytes;
}

/// Five training files of `per_file` images and a test file of 3.
inline void write_cifar10(const std::filesystem::path& folder, uint32_t per_file) {
  std::filesystem::create_directories(folder);
  for (uint32_t i = 0; i < 5; ++i) {
    const std::string name = "data_batch_" + std::to_string(i + 1) + ".bin";
    write_bytes(folder / name, cifar_records(per_file, 1, 10, i * per_file));
  }
  write_bytes(folder / "test_batch.bin", cifar_records(3, 1, 10, 1000));
}

}  // namespace uvic::testing
