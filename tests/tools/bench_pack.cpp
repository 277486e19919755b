// `bench_pack [WORKERS] [ROUNDS]`: packing 500 x 375 JPEGs at 64 x 64 against OpenCV's decoding of them alone
// in as many threads, and what a network that takes 20 ms for a batch of 16 waits for a pack. Rounds take
// turns, as machines drift.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "core/device.h"
#include "core/log.h"
#include "data/loader.h"
#include "data/open.h"
#include "data/pack/write.h"
#include "support/image_files.h"

namespace {

using Clock = std::chrono::steady_clock;
using uvic::testing::TemporaryDirectory;

constexpr int kImages = 800, kBatch = 16;

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

std::filesystem::path file_of(const TemporaryDirectory& folder, int image) {
  return folder / ("set/x/" + std::to_string(image) + ".jpg");
}

double decode_all(const TemporaryDirectory& folder, int workers) {
  std::atomic<int> next = 0;
  const auto began = Clock::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < workers; ++i) {
    threads.emplace_back([&] {
      for (int image = next++; image < kImages; image = next++)
        TORCH_CHECK(!cv::imread(file_of(folder, image).string(), cv::IMREAD_COLOR).empty());
    });
  }
  for (std::thread& thread : threads) thread.join();
  return kImages / seconds_since(began);
}

double pack_all(const uvic::Dataset& dataset, const std::filesystem::path& out, int workers) {
  std::filesystem::remove(out);
  uvic::BadFiles bad(uvic::OnError::kFail, "", {});
  const auto began = Clock::now();
  uvic::pack_images(dataset, out, {.source = "JPEGs", .workers = workers}, bad);
  return kImages / seconds_since(began);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace uvic;
  const int workers = argc > 1 ? std::atoi(argv[1]) : 2, rounds = argc > 2 ? std::atoi(argv[2]) : 3;
  keep_freed_memory();  // as the executables do
  set_quiet(true);
  cv::setNumThreads(0);
  const TemporaryDirectory folder;
  for (int i = 0; i < kImages; ++i) {
    cv::Mat image = uvic::testing::picture(375, 500, i), grain(375, 500, CV_8UC3);
    cv::randn(grain, 0, 12);  // a photograph's detail: files of about 50 to 100 kB at quality 90
    image += grain;
    uvic::testing::write_image(file_of(folder, i), image, {cv::IMWRITE_JPEG_QUALITY, 90});
  }
  DataOptions options;
  options.kind = "folder";
  options.path = (folder / "set").string();
  options.cache = "never";
  const auto jpegs = open_data(options, {3, 64, 64}).train;
  const auto out = folder / "set.pack";
  for (int round = 0; round < rounds; ++round) {
    const double decoding = decode_all(folder, workers), packing = pack_all(*jpegs, out, workers);
    std::printf("%d threads: OpenCV decodes %.0f images/s, packing %.0f: %.2f of it\n", workers, decoding,
                packing, packing / decoding);
  }
  options.kind = "pack";
  options.path = out.string();
  options.workers = workers;
  const int steps = kImages / kBatch;
  for (int epoch = 0; epoch < rounds; ++epoch) {
    const auto pack = open_data(options, {3, 64, 64}).train;  // so that checksums are compared again
    const auto began = Clock::now();
    DataLoader loader(pack, options, 1, whole_batches(kBatch), 0, steps);
    for (int step = 0; step < steps; ++step) {
      loader.next();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    std::printf("reading the pack: data_wait_fraction %.4f\n", loader.wait_seconds() / seconds_since(began));
    const auto reading = Clock::now();
    int64_t bytes = 0;
    for (int64_t i = 0; i < pack->size(); ++i) bytes += pack->image(i)[0][0][0].item<uint8_t>() + 3 * 64 * 64;
    const double again = seconds_since(reading);
    std::printf("  %.2f us an image once its checksum is known to be right (%.0f MB)\n",
                again / kImages * 1e6, double(bytes) / 1e6);
  }
}
