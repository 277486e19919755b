// What a pack says of itself.
#pragma once
#include <c10/core/ScalarType.h>

#include <optional>
#include <string>
#include <vector>

#include "data/latent_space.h"
#include "data/options.h"

namespace uvic {

struct PackContents {
  std::string made_by;                 ///< version of the program
  std::string source, source_sha256;   ///< what was packed: for people, and a hash of its identity
  ImageShape shape{};                  ///< {C, H, W} of an image, or of its latents
  at::ScalarType dtype = at::kByte;    ///< of images; kHalf or kFloat of moments
  std::optional<LatentSpace> latents;  ///< there are moments, not images
  bool mirrored = false;               ///< moments of the mirrored images are there, too
  /// Whether data.random_flip: auto mirrors: not where a mirrored image may be of another class, nor where
  /// its moments are missing.
  bool mirror_by_default = true;
  int64_t num_classes = 0;
  std::vector<std::string> class_names = {};
  bool captions = false;
  std::string tokenizer = {};              ///< CaptionTokenizer::fingerprint; empty: no token ids
  std::string tokenizer_text = {};         ///< CaptionTokenizer::describe
  int64_t caption_length = 0;              ///< ids of a caption
  at::ScalarType ids_dtype = at::kUInt16;  ///< or kInt
  std::string states_of = {};              ///< what encoded the captions, for people; empty: no states
  std::string states_sha256 = {};          ///< of its weights
  int64_t states_tokens = 0, states_dim = 0;
  at::ScalarType states_dtype = at::kHalf;
  int64_t block = 0;  ///< images that were encoded together

  bool operator==(const PackContents&) const = default;

  /// Of the image's part of a record, of a caption's ids and states, and of all that a caption has but for
  /// its text.
  int64_t image_bytes() const;
  int64_t ids_bytes() const;
  int64_t states_bytes() const;
  int64_t caption_bytes() const;
};

/// One line of JSON, which reads back equal. UsageError, `name` first, for what to_json has not written or
/// sizes beyond reason.
std::string to_json(const PackContents& contents);
PackContents pack_contents_from_json(const std::string& json, const std::string& name);

/// A clause for each thing in which they differ: "dtype is fp16 there, fp32 here".
std::vector<std::string> differences(const PackContents& there, const PackContents& here);

/// "fp16", "fp32", "uint8", "uint16", "int32".
std::string pack_type_name(at::ScalarType dtype);

}  // namespace uvic
