// `emoji_judge FLAGS TONES SHAPES` judges dumps that uvic-fid made of the prompts of emoji_set, 32 x 32:
//   flags.txt: the nearest of all flags, by pixels, is the one that was asked for;
//   tones.txt: the mean colour where the thing has skin is nearest to that of the tone asked for, of things
//   in tones that were never trained on; shapes.txt: the nearest of all flags in all shapes, held out ones
//   among them, is the one asked for.
#include <functional>
#include <iostream>
#include <limits>
#include <map>

#include "io/png.h"
#include "sampling/record.h"
#include "tools/emoji_set.h"

namespace uvic::testing {
namespace {

constexpr int kSide = 32;
// Of 255: what moves by more from tone to tone is skin.
constexpr int kMoves = 16;

cv::Mat small(const cv::Mat& picture) {
  cv::Mat resized;
  cv::resize(picture, resized, {kSide, kSide}, 0, 0, cv::INTER_AREA);
  return resized;
}

// "ear" of "ear, light skin".
std::string thing_of(const std::string& caption) {
  return caption.substr(0, caption.rfind(", "));
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

// Whether each sample's nearest of `all`, by the sum of squared differences, is the one asked for, or drawn
// like it (the flags of Norway and of Svalbard are the same).
std::vector<bool> nearest_is_right(const std::vector<Sample>& samples, const std::vector<Emoji>& all) {
  std::vector<bool> right;
  for (const Sample& sample : samples) {
    double least = std::numeric_limits<double>::max();
    const Emoji *nearest = nullptr, *asked = nullptr;
    for (const Emoji& one : all) {
      const double distance = cv::norm(small(one.picture), sample.picture, cv::NORM_L2SQR);
      if (distance < least) std::tie(least, nearest) = std::pair(distance, &one);
      if (one.captions.front() == sample.prompt) asked = &one;
    }
    check_usage(asked != nullptr, sample.prompt, ": is not a prompt of emoji_set");
    right.push_back(cv::norm(nearest->picture, asked->picture, cv::NORM_INF) <= kMoves);
    if (!right.back())
      std::cout << "  " << sample.prompt << ": nearest is " << nearest->captions.front() << "\n";
  }
  return right;
}

// A thing in all tones; its skin is where these pictures differ.
struct Toned {
  std::array<cv::Mat, 5> pictures;
  cv::Mat skin;  // 8 bits, 255 where it is

  void find_skin() {
    skin = cv::Mat::zeros(kSide, kSide, CV_8UC1);
    for (const cv::Mat& picture : pictures) {
      cv::Mat difference;
      cv::absdiff(picture, pictures[0], difference);
      std::array<cv::Mat, 3> channels;
      cv::split(difference, channels.data());
      for (const cv::Mat& channel : channels) skin |= channel > kMoves;
    }
  }
  size_t nearest_tone(const cv::Mat& picture) const {
    const cv::Scalar mean = cv::mean(picture, skin);
    size_t nearest = 0;
    double least = std::numeric_limits<double>::max();
    for (size_t tone = 0; tone < pictures.size(); ++tone) {
      const double distance = cv::norm(mean - cv::mean(pictures[tone], skin));
      if (distance < least) std::tie(least, nearest) = std::pair(distance, tone);
    }
    return nearest;
  }
};

std::map<std::string, Toned> toned_things(const std::vector<Emoji>& all) {
  std::map<std::string, Toned> things;
  for (const Emoji& one : all) {
    if (one.kind == Emoji::Kind::kTone)
      things[thing_of(one.captions.front())].pictures[size_t(one.tone)] = small(one.picture);
  }
  for (auto& [name, thing] : things) thing.find_skin();
  return things;
}

// Whether the mean colour where the thing has skin is nearest to that of its picture in the tone asked for.
std::vector<bool> tone_is_right(const std::vector<Sample>& samples, const std::vector<Emoji>& all) {
  const auto things = toned_things(all);
  std::vector<bool> right;
  for (const Sample& sample : samples) {
    const std::string got = kTones[things.at(thing_of(sample.prompt)).nearest_tone(sample.picture)];
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

// What would be drawn by a perfect model: the pictures themselves.
std::vector<Sample> real(const std::function<bool(const Emoji&)>& asked) {
  std::vector<Sample> samples;
  for (const Emoji& one : emoji()) {
    if (asked(one)) samples.push_back({small(one.picture), one.captions.front()});
  }
  return samples;
}

void judge(const std::vector<Sample>& asked_flags, const std::vector<Sample>& asked_tones,
           const std::vector<Sample>& asked_shapes) {
  const auto all = emoji();
  std::vector<Emoji> flags, shapes;
  for (const Emoji& one : all) {
    if (one.kind != Emoji::Kind::kFlag) continue;
    shapes.push_back(one);
    if (one.captions.size() == 2) flags.push_back(one);
  }
  print("flags, the nearest of all flags is the right one", nearest_is_right(asked_flags, flags));
  print("tones of skin never seen on that thing, nearest tone", tone_is_right(asked_tones, all));
  print("shapes never seen of that flag, nearest of all flags and shapes",
        nearest_is_right(asked_shapes, shapes));
}

int run(const std::vector<std::string>& arguments) {
  using Kind = Emoji::Kind;
  if (arguments == std::vector<std::string>{"--real"}) {
    judge(real([](const Emoji& e) { return e.kind == Kind::kFlag && e.captions.size() == 2; }),
          real([](const Emoji& e) { return e.kind == Kind::kTone && e.held_out; }),
          real([](const Emoji& e) { return e.kind == Kind::kFlag && e.held_out; }));
  } else {
    check_usage(arguments.size() == 3, "usage: emoji_judge FLAGS TONES SHAPES, or emoji_judge --real");
    judge(read_dump(arguments[0]), read_dump(arguments[1]), read_dump(arguments[2]));
  }
  return 0;
}

}  // namespace
}  // namespace uvic::testing

int main(int argc, char** argv) {
  try {
    return uvic::testing::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
}
