// What an AutoencoderKL (Rombach et al. 2022, arXiv 2112.10752; the layers of VQGAN, arXiv 2012.09841) does,
// step by step. The one description of it: parameters, execution, memory and tiles all follow from it.
#pragma once
#include <string>
#include <vector>

#include "nn/autoencoder_options.h"
#include "nn/parameters.h"

namespace uvic {

enum class StepKind {
  kConvolve,    ///< `side` x `side`, zeros around
  kDownsample,  ///< 3 x 3 of stride 2, zeros to the right and below
  kUpsample,    ///< each pixel becomes 2 x 2
  kNormalise,   ///< group norm, then SiLU
  kFork,   ///< begins a residual block: what comes is kept, through a 1 x 1 convolution if there is a name
  kJoin,   ///< ends it: what was kept is added
  kAttend  ///< group norm, attention of one head over all pixels, added to what comes
};

struct AutoencoderStep {
  StepKind kind;
  std::string name;         ///< of its parameters, diffusers'; empty: it has none
  int64_t in = 0, out = 0;  ///< channels
  int64_t side = 0;         ///< of a convolution's kernel
};
using AutoencoderSteps = std::vector<AutoencoderStep>;

/// What its parameters belong to: the step itself, or the five parts of an attention; each has a weight and a
/// bias.
std::vector<std::string> parts_of(const AutoencoderStep& step);

/// Images to moments, with quant_conv; latents to images, with post_quant_conv.
AutoencoderSteps encoder_steps(const AutoencoderOptions& options);
AutoencoderSteps decoder_steps(const AutoencoderOptions& options);

/// The names and shapes of the parameters of these steps.
ParameterShapes parameter_shapes(const AutoencoderSteps& steps);

/// Those of both halves.
ParameterShapes parameter_shapes(const AutoencoderOptions& options);

/// What the shapes of an autoencoder's parameters say of its options: all but norm_num_groups, which is
/// `base`'s. What they do not say is as in `base`; see check_weights for what does not fit.
AutoencoderOptions autoencoder_of_shapes(const ParameterShapes& shapes, const AutoencoderOptions& base);

}  // namespace uvic
