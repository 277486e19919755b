// `bench_loader [WORKERS] [EPOCHS]`: does preparing 64 x 64 crops of 500 x 375 JPEGs keep up with a network
// that takes 20 ms for a batch of 16? The network sleeps, as one on a GPU lets the CPU do.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "core/device.h"
#include "data/loader.h"
#include "data/open.h"
#include "support/image_files.h"

int main(int argc, char** argv) {
  using namespace uvic;
  using Clock = std::chrono::steady_clock;
  constexpr int kImages = 800, kBatch = 16;
  const int workers = argc > 1 ? std::atoi(argv[1]) : 2, epochs = argc > 2 ? std::atoi(argv[2]) : 3;
  keep_freed_memory();  // as the executables do
  const uvic::testing::TemporaryDirectory folder;
  double bytes = 0;
  for (int i = 0; i < kImages; ++i) {
    const auto path = folder / ("x/" + std::to_string(i) + ".jpg");
    cv::Mat image = uvic::testing::picture(375, 500, i), grain(375, 500, CV_8UC3);
    cv::randn(grain, 0, 12);  // a photograph's detail: files of about 50 to 100 kB at quality 90
    image += grain;
    uvic::testing::write_image(path, image, {cv::IMWRITE_JPEG_QUALITY, 90});
    bytes += double(std::filesystem::file_size(path));
  }
  std::printf("%d JPEGs of %.0f kB, batches of %d, %d workers\n", kImages, bytes / kImages / 1000, kBatch,
              workers);
  for (const char* cache : {"never", "auto"}) {
    DataOptions options;
    options.kind = "folder";
    options.path = folder.path().string();
    options.cache = cache;
    options.workers = workers;
    const auto data = open_data(options, {3, 64, 64}).train;
    const int steps = kImages / kBatch;
    DataLoader loader(data, options, 1, whole_batches(kBatch), 0, int64_t{epochs} * steps);
    for (int epoch = 0; epoch < epochs; ++epoch) {
      const auto began = Clock::now();
      const double waited = loader.wait_seconds();
      for (int step = 0; step < steps; ++step) {
        loader.next();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
      const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
      std::printf("cache %s, epoch %d: %.0f images/s, data_wait_fraction %.3f\n", cache, epoch,
                  steps * kBatch / seconds, (loader.wait_seconds() - waited) / seconds);
    }
  }
}
