// NCCL as a backend of c10d, for tensors of a GPU, where this build has it.
#pragma once
#include <c10/core/Device.h>
#include <c10/util/intrusive_ptr.h>

namespace c10d {
class Backend;
class Store;
}  // namespace c10d

namespace uvic {

bool has_nccl();
c10::intrusive_ptr<c10d::Backend> make_nccl_backend(c10::intrusive_ptr<c10d::Store> store, int rank, int size,
                                                    c10::Device device);

}  // namespace uvic
