// The captioned emoji of Debian's ruby-gemojione as a set to train on: EmojiOne's pictures, CC-BY-SA 4.0,
// which are installed and not copied into the tree.
#pragma once
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <regex>
#include <string>
#include <vector>

#include "core/errors.h"
#include "core/random.h"

namespace uvic::testing {

namespace fs = std::filesystem;

inline const fs::path kEmoji = "/usr/share/rubygems-integration/all/gems/gemojione-3.3.0";
/// As tones 1 to 5 of Unicode's modifiers.
inline constexpr std::array kTones = {"light", "medium-light", "medium", "medium-dark", "dark"};

/// 64 x 64, BGR over white.
inline cv::Mat over_white(const fs::path& file) {
  cv::Mat drawn = cv::imread(file.string(), cv::IMREAD_UNCHANGED);
  check_usage(drawn.rows == 64 && drawn.cols == 64, file.string(), ": not a picture of 64 x 64");
  if (drawn.channels() == 1) cv::cvtColor(drawn, drawn, cv::COLOR_GRAY2BGRA);
  if (drawn.channels() == 3) cv::cvtColor(drawn, drawn, cv::COLOR_BGR2BGRA);
  cv::Mat picture(64, 64, CV_8UC3);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x) {
      const auto& from = drawn.at<cv::Vec4b>(y, x);
      for (int c = 0; c < 3; ++c) {
        picture.at<cv::Vec3b>(y, x)[c] =
            static_cast<uint8_t>((from[c] * from[3] + 255 * (255 - from[3]) + 127) / 255);
      }
    }
  }
  return picture;
}

/// The flags are drawn as discs: what a square inside shows, as large as the disc.
inline cv::Mat as_square(const cv::Mat& disc) {
  constexpr int kSide = 42, kFrom = (64 - kSide) / 2, kLarge = 52;
  cv::Mat large, picture(64, 64, CV_8UC3, cv::Scalar::all(255));
  cv::resize(disc(cv::Rect(kFrom, kFrom, kSide, kSide)), large, {kLarge, kLarge}, 0, 0, cv::INTER_CUBIC);
  large.copyTo(picture(cv::Rect((64 - kLarge) / 2, (64 - kLarge) / 2, kLarge, kLarge)));
  return picture;
}

/// What a heart inside the disc shows.
inline cv::Mat as_heart(const cv::Mat& disc) {
  cv::Mat picture(64, 64, CV_8UC3, cv::Scalar::all(255));
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x) {
      // (x^2 + y^2 - 1)^3 < x^2 y^3
      const double u = (x - 31.5) / 22, v = (33 - y) / 22, r = u * u + v * v - 1;
      if (r * r * r < u * u * v * v * v) picture.at<cv::Vec3b>(y, x) = disc.at<cv::Vec3b>(y, x);
    }
  }
  return picture;
}

struct Emoji {
  std::string file;                   ///< "flag_fr-heart.png"
  std::vector<std::string> captions;  ///< the first says what it is
  cv::Mat picture;
  enum class Kind { kOther, kFlag, kTone } kind = Kind::kOther;
  int tone = -1;          ///< of a kTone: 0 .. 4
  bool held_out = false;  ///< this combination is not trained on
};

/// All of them. Of the combinations of a thing and a tone of skin, and of a flag and a shape, a tenth is held
/// out, of each thing and flag one at most: so all things, tones, flags and shapes are known, and flags as
/// discs.
inline std::vector<Emoji> emoji() {
  std::ifstream file(kEmoji / "config" / "index.json");
  const auto index = nlohmann::json::parse(file);
  static const std::regex tone_of("^(.*?),? tone ?([1-5])$");
  std::vector<Emoji> all;
  std::map<std::string, std::vector<size_t>> combinations;  // by thing or flag
  for (const auto& [key, entry] : index.items()) {
    const cv::Mat picture =
        over_white(kEmoji / "assets" / "png" / (entry.at("unicode").get<std::string>() + ".png"));
    const auto name = entry.at("name").get<std::string>();
    std::smatch match;
    if (entry.at("category") == "flags") {
      const std::string flag = "flag of " + name;
      all.push_back({key + ".png", {flag, "round " + flag}, picture, Emoji::Kind::kFlag});
      for (const auto& [shape, shown] :
           {std::pair("square", as_square(picture)), std::pair("heart", as_heart(picture))}) {
        combinations[key].push_back(all.size());
        all.push_back({key + "-" + shape + ".png", {c10::str(shape, " ", flag)}, shown, Emoji::Kind::kFlag});
      }
    } else if (std::regex_match(name, match, tone_of) && entry.at("category") != "modifier") {
      const int tone = std::stoi(match[2]) - 1;
      combinations[match[1]].push_back(all.size());
      all.push_back({key + ".png",
                     {c10::str(match[1].str(), ", ", kTones[size_t(tone)], " skin")},
                     picture,
                     Emoji::Kind::kTone,
                     tone});
    } else {
      all.push_back({key + ".png", {name, name + ", " + entry.at("category").get<std::string>()}, picture});
    }
  }
  // Things have five combinations, flags two: every second thing and every fifth flag lose one.
  for (const auto& [kind, every] : {std::pair(Emoji::Kind::kTone, 2U), std::pair(Emoji::Kind::kFlag, 5U)}) {
    size_t seen = 0;
    for (const auto& [name, places] : combinations) {
      if (all[places[0]].kind != kind || seen++ % every != 0) continue;
      all[places[seen / every % places.size()]].held_out = true;
    }
  }
  return all;
}

}  // namespace uvic::testing
