// The same bits from the same run, on GPUs too.
#pragma once
#include <c10/core/Device.h>

namespace uvic {

/// Makes float32 on GPUs float32 (cuDNN's convolutions would take TF32), and cuDNN and cuBLAS choose the same
/// algorithms in every run. For the whole process; before CUDA is first used.
void make_gpus_reproducible();

/// Within it operators on a GPU add up in a fixed order, and one that cannot throws; nothing on a CPU, where
/// all that a training does is in order anyway.
class DeterministicScope {
 public:
  explicit DeterministicScope(c10::Device device);
  ~DeterministicScope();
  DeterministicScope(const DeterministicScope&) = delete;
  DeterministicScope& operator=(const DeterministicScope&) = delete;

 private:
  bool entered_, outer_, outer_warns_;
};

}  // namespace uvic
