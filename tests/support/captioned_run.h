// The smallest run with text: pictures of one colour, captioned with its name.
#pragma once
#include <array>
#include <utility>

#include "support/image_files.h"
#include "support/tiny_run.h"
#include "support/trained_run.h"

namespace uvic::testing {

/// 24 pictures of 8 x 8 in `folder`, red, green or blue, each with two captions in metadata.jsonl.
inline std::filesystem::path write_captioned_set(const std::filesystem::path& folder) {
  static const std::array<std::pair<const char*, cv::Scalar>, 3> kColours = {
      {{"red", {20, 20, 230}}, {"green", {20, 200, 20}}, {"blue", {220, 30, 20}}}};
  std::string lines;
  for (int i = 0; i < 24; ++i) {
    const auto& [name, colour] = kColours[size_t(i % 3)];
    const std::string file = "picture-" + std::to_string(i) + ".png";
    write_image(folder / file, cv::Mat(8, 8, CV_8UC3, colour));
    lines += "{\"file_name\": \"" + file + "\", \"text\": [\"" + name + "\", \"all " + name + "\"]}\n";
  }
  write_bytes(folder / "metadata.jsonl", lines);
  return folder;
}

inline DiffusionConfig captioned_config(const std::filesystem::path& folder) {
  DiffusionConfig config = tiny_config(folder);
  config.model.in_chans = 3;
  config.model.num_classes = -1;
  config.model.clip_dim = 12;
  config.model.num_clip_token = 12;
  config.model.text_vocab = 259;
  config.model.text_depth = 1;
  config.model.text_heads = 2;
  config.text.encoder = kLearnedEncoder;
  config.diffusion.p_uncond = 0.2;
  config.data.kind = DataKind::kFolder;
  config.data.val_fraction = 0.25;
  return config;
}

}  // namespace uvic::testing
