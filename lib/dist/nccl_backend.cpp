#include "dist/nccl_backend.h"

#include <c10/util/Exception.h>

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#ifdef UVIC_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

namespace uvic {

#ifdef UVIC_NCCL

bool has_nccl() {
  return true;
}

c10::intrusive_ptr<c10d::Backend> make_nccl_backend(c10::intrusive_ptr<c10d::Store> store, int rank, int size,
                                                    c10::Device device) {
  const auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = std::chrono::hours(24);  // dist/watch.h ends a wait for a rank that is gone
  auto backend = c10::make_intrusive<c10d::ProcessGroupNCCL>(std::move(store), rank, size, options);
  backend->setBoundDeviceId(device);
  return backend;
}

#else

bool has_nccl() {
  return false;
}

c10::intrusive_ptr<c10d::Backend> make_nccl_backend(c10::intrusive_ptr<c10d::Store>, int, int, c10::Device) {
  TORCH_CHECK(false, "this build has no NCCL");
}

#endif

}  // namespace uvic
