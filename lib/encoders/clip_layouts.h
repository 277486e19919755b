// CLIP text encoders in files as people have them: transformers' names (with or without "text_model.", the
// vision half and the projections beside them) or open_clip's (which are OpenAI's), under any prefix, as in a
// whole Stable Diffusion checkpoint.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "io/tensor_file.h"
#include "nn/clip_text.h"

namespace uvic {

/// A text encoder among the tensors of a file.
struct StoredClipText {
  /// Where a parameter comes from.
  struct Source {
    size_t tensor;  ///< index of the file's
    int part;       ///< which third of its rows: open_clip keeps q, k and v in one; -1: all
  };

  std::string prefix;      ///< of its tensors' names: "", "cond_stage_model.transformer.text_model."
  bool open_clip = false;  ///< the layout
  bool openai = false;     ///< in OpenAI's own file
  std::map<std::string, Source> sources = {};  ///< by transformers' names, see ClipText
  ParameterShapes shapes = {};

  /// Whether it is that of Stable Diffusion 2, which takes the states before the last block (arXiv
  /// 2112.10752's code, FrozenOpenCLIPEmbedder).
  bool takes_penultimate() const;
  /// "cond_stage_model.model", "at the top".
  std::string place() const;
};

/// In the file's order. UsageError for a tensor that appears twice or that the file says nonsense of.
std::vector<StoredClipText> clip_texts_of(const TensorReader& file);

/// What the shapes tell; heads are of 64, 0 where that does not go into the width. Widths of 512, 640 and 768
/// in transformers' layout, and OpenAI's files, have quick_gelu: OpenAI's models; all else GELU: open_clip's.
ClipTextOptions options_of_shapes(const StoredClipText& stored);

/// Its parameters, those of the first `layers` blocks. UsageError for damaged tensors.
TensorMap read_clip_text(TensorReader& file, const StoredClipText& stored, int64_t layers);

}  // namespace uvic
