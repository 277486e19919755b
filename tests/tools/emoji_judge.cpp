// `emoji_judge FLAGS TONES [SHAPES]` judges dumps that uvic-fid made of the prompts of emoji_set, 32 x 32:
//   flags.txt: the nearest of all flags, by pixels, is the one that was asked for;
//   tones.txt: the mean colour of the skin is nearest to the tone that was asked for, of things in tones that
//   were never trained on; shapes.txt: the nearest of all flags in all shapes, held out ones among them, is
//   the one asked for.
#include <iostream>
#include <limits>
#include <map>

#include "io/png.h"
#include "sampling/record.h"
#include "tools/emoji_set.h"

namespace uvic::testing {
namespace {

constexpr int kSide = 32;
// A pixel farther than this from every tone (of 255 a channel, Euclidean) is no skin.
constexpr double kSkinRadius = 40;

cv::Mat small(const cv::Mat& picture) {
  cv::Mat resized;
  cv::resize(picture, resized, {kSide, kSide}, 0, 0, cv::INTER_AREA);
  return resized;
}

struct Sample {
  cv::Mat picture;
  std::string prompt;
};

std::vector<Sample> read_dump(const fs::path& folder) {
  std::vector<Sample> samples;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto png = inspect_png(entry.path());
    if (!png || !png->text.contains("parameters")) continue;
    const auto prompts = prompts_in(png->text.at("parameters"));
    check_usage(prompts.size() == 1, entry.path().string(), ": its record names no prompt");
    samples.push_back({cv::imread(entry.path().string(), cv::IMREAD_COLOR), prompts[0]});
    check_usage(samples.back().picture.rows == kSide, entry.path().string(), ": is not of 32 x 32");
  }
  check_usage(!samples.empty(), folder.string(), ": holds no images of uvic-fid dump");
  return samples;
}

// Whether each sample's nearest of `all`, by the sum of squared differences, has its prompt among its
// captions.
std::vector<bool> nearest_is_right(const std::vector<Sample>& samples, const std::vector<Emoji>& all) {
  std::vector<bool> right;
  for (const Sample& sample : samples) {
    double least = std::numeric_limits<double>::max();
    const Emoji* nearest = nullptr;
    for (const Emoji& one : all) {
      const double distance = cv::norm(small(one.picture), sample.picture, cv::NORM_L2SQR);
      if (distance < least) std::tie(least, nearest) = std::pair(distance, &one);
    }
    right.push_back(nearest->captions.front() == sample.prompt);
    if (!right.back())
      std::cout << "  " << sample.prompt << ": nearest is " << nearest->captions.front() << "\n";
  }
  return right;
}

std::array<cv::Vec3d, 5> tones() {
  std::array<cv::Vec3d, 5> colours;
  for (size_t i = 0; i < 5; ++i) {
    const cv::Vec3b middle = over_white(kEmoji / "assets" / "png" / (std::string(kTonePictures[i]) + ".png"))
                                 .at<cv::Vec3b>(32, 32);
    colours[i] = middle;
  }
  return colours;
}

size_t nearest_tone(const cv::Vec3d& colour, const std::array<cv::Vec3d, 5>& colours) {
  size_t nearest = 0;
  for (size_t i = 1; i < 5; ++i) {
    if (cv::norm(colour - colours[i]) < cv::norm(colour - colours[nearest])) nearest = i;
  }
  return nearest;
}

std::vector<bool> tone_is_right(const std::vector<Sample>& samples) {
  const auto colours = tones();
  std::vector<bool> right;
  for (const Sample& sample : samples) {
    cv::Vec3d sum;
    int count = 0;
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        const cv::Vec3d colour = sample.picture.at<cv::Vec3b>(y, x);
        if (cv::norm(colour - colours[nearest_tone(colour, colours)]) > kSkinRadius) continue;
        sum += colour;
        ++count;
      }
    }
    const std::string got = count == 0 ? "none" : kTones[nearest_tone(sum / count, colours)];
    right.push_back(sample.prompt.ends_with(", " + got + " skin"));
    if (!right.back()) std::cout << "  " << sample.prompt << ": the skin is " << got << "\n";
  }
  return right;
}

void print(const char* what, const std::vector<bool>& right) {
  const auto count = std::count(right.begin(), right.end(), true);
  std::printf("%s: %ld of %zu, %.0f %%\n", what, long(count), right.size(),
              100.0 * double(count) / double(right.size()));
}

int run(const std::vector<std::string>& folders) {
  std::vector<Emoji> flags, shapes;
  for (const Emoji& one : emoji()) {
    if (one.kind != Emoji::Kind::kFlag) continue;
    shapes.push_back(one);
    if (one.captions.size() == 2) flags.push_back(one);
  }
  print("flags, the nearest of all flags is the right one",
        nearest_is_right(read_dump(folders.at(0)), flags));
  print("tones of skin never seen on that thing, nearest tone", tone_is_right(read_dump(folders.at(1))));
  if (folders.size() > 2)
    print("shapes never seen of that flag, nearest of all flags and shapes",
          nearest_is_right(read_dump(folders[2]), shapes));
  return 0;
}

}  // namespace
}  // namespace uvic::testing

int main(int argc, char** argv) {
  try {
    uvic::check_usage(argc >= 3, "usage: emoji_judge FLAGS TONES [SHAPES]");
    return uvic::testing::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
}
