#pragma once
#include <vector>

#include "diffusion/network.h"

namespace uvic {

/// Guidance by `reference + cfg (network - reference)`; cfg = 1 is the network itself. U-ViT's own `scale` s
/// is cfg = 1 + s.
struct Guidance {
  double cfg = 1.0;
  /// The condition of the reference in classifier-free guidance (Ho & Salimans 2022, arXiv 2207.12598), where
  /// it is the network itself in the same call on 2B images: of one image, for all. An input that it leaves
  /// undefined is the images' own.
  Condition null = {};
  /// Autoguidance's reference, a worse version of the network under the same condition (Karras et al. 2024,
  /// arXiv 2406.02507); if given, `null` is not used.
  Network guide = {};
  /// {lo, hi}: guide only where lo < t <= hi (Kynkaanniemi et al. 2024, arXiv 2404.07724); empty: always.
  std::vector<double> interval = {};
  /// Share of the rescaling that gives each image's guided output the standard deviation it has without
  /// guidance (Lin et al. 2023, arXiv 2305.08891, eq. 15-16).
  double rescale = 0.0;

  /// Whether anything is done at time t.
  bool active(double t) const;
};

/// The guided network, at any time.
Network with_guidance(Network network, const Guidance& guidance);

}  // namespace uvic
