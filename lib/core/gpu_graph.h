// Work on a GPU that is given to it in one piece.
#pragma once
#include <c10/core/Device.h>

#include <functional>
#include <memory>

namespace uvic {

/// What is launched within `record`, as a CUDA graph. A small network's evaluation is hundreds of kernels of
/// some microseconds each, which take longer to launch one by one than to run (of U-ViC 128 wide, 128 images,
/// a training step on an H100: 22 ms, of which the GPU works 3).
class GpuGraph {
 public:
  /// Whether `device` is a GPU, and this build has CUDA.
  static bool possible(c10::Device device);

  explicit GpuGraph(c10::Device device);
  GpuGraph(GpuGraph&& other) noexcept;
  ~GpuGraph();

  /// Calls `work`, whose kernels are recorded and not run. It must have run before, so that libraries have
  /// what they allocate; must not wait for the device; and each replay reads and writes the memory that it
  /// does now. What it allocates belongs to the graph.
  void record(const std::function<void()>& work);
  /// Queues what was recorded on the current stream.
  void replay();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace uvic
