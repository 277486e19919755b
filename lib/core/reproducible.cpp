#include "core/reproducible.h"

#include <ATen/Context.h>

#include <cstdlib>

namespace uvic {

void make_gpus_reproducible() {
  at::Context& context = at::globalContext();
  context.setAllowTF32CuDNN(false);
  context.setDeterministicCuDNN(true);
  context.setDeterministicFillUninitializedMemory(false);
  setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);  // cuBLAS's condition for repeatable sums
}

DeterministicScope::DeterministicScope(c10::Device device)
    : entered_(device.is_cuda()),
      outer_(at::globalContext().deterministicAlgorithms()),
      outer_warns_(at::globalContext().deterministicAlgorithmsWarnOnly()) {
  if (entered_) at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
}

DeterministicScope::~DeterministicScope() {
  if (entered_) at::globalContext().setDeterministicAlgorithms(outer_, outer_warns_);
}

}  // namespace uvic
