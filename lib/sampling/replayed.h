// A network whose kernels a GPU is given in one piece.
#pragma once
#include <c10/core/Device.h>

#include "diffusion/network.h"

namespace uvic {

/// `network` whose evaluations are recorded as a CUDA graph at the first call of a shape and replayed from
/// then on, see core/gpu_graph.h. `network` must compute no gradient, launch the same kernels whatever its
/// inputs hold, and read no weights that are moved in memory later. On any other device, and where this build
/// has no CUDA, `network` itself.
Network replayed(Network network, c10::Device device);

}  // namespace uvic
