// A data set -> a pack.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/bad_files.h"
#include "data/dataset.h"
#include "text/caption_tokenizer.h"

namespace uvic {

/// An autoencoder, for a pack of latents.
struct PackEncoder {
  LatentSpace space;
  /// float32 [B, C, H, W] in [-1, 1] -> mean and standard deviation, float32 [B, space.channels, h, w] each.
  std::function<std::pair<at::Tensor, at::Tensor>(const at::Tensor& images)> encode;
  int64_t batch = 16;  ///< images encoded at once
};

/// A text encoder, for a pack of its states.
struct PackTextEncoder {
  std::string name, sha256;  ///< for people; of its weights
  int64_t tokens = 0, dim = 0;
  at::ScalarType dtype = at::kHalf;
  /// float32 [texts, tokens, dim], zero where there is no token.
  std::function<at::Tensor(const std::vector<std::string>& texts)> encode;
};

struct PackOptions {
  std::string source;             ///< what is packed, for people
  bool mirror_by_default = true;  ///< see PackContents
  bool captions = true;           ///< keep the captions, if there are any
  std::optional<PackEncoder> encoder = {};
  at::ScalarType latents_dtype = at::kHalf;
  bool mirrored = false;  ///< of latents: keep those of the mirrored images, too
  std::shared_ptr<const CaptionTokenizer> tokenizer = nullptr;  ///< keep token ids
  std::optional<PackTextEncoder> text_encoder = {};
  int64_t workers = 2;  ///< threads that prepare images; the pack does not depend on it
};

struct PackReport {
  int64_t images = 0, captions = 0, bytes = 0;  ///< in the pack
  int64_t found = 0;                            ///< images, of an earlier process, that were there already
  int64_t left_out = 0;                         ///< images that cannot be decoded
  int64_t cut = 0;         ///< captions that are too long for the tokenizer's rows, of those packed now
  bool was_whole = false;  ///< the very pack was there
  bool stopped = false;    ///< `stop` asked for it
};

/// Writes the images of `dataset`, its labels and captions to a pack at `out` (data/pack/format.h), which is
/// there as a whole or not at all. What a process that was stopped or killed has written lies in `out`.part;
/// the same call goes on with it and gives the same bytes. `progress` is told of images done, those that were
/// there first; `stop` is asked now and then. Images of latents (Dataset::latents) are kept as they are, in
/// options.latents_dtype.
///
/// UsageError: no captions where a tokenizer or a text encoder wants them, an image without; invalid UTF-8;
/// what is at `out`, or was begun there, is something else, with what differs; an image that cannot be
/// decoded, unless `bad` leaves it out.
PackReport pack_images(const Dataset& dataset, const std::filesystem::path& out, const PackOptions& options,
                       BadFiles& bad, const std::function<void(int64_t done)>& progress = {},
                       const std::function<bool()>& stop = {});

}  // namespace uvic
