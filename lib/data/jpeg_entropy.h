// Damage inside a JPEG that libjpeg takes for a picture.
#pragma once
#include <cstdint>
#include <span>
#include <string>

namespace uvic {

/// libjpeg's fast decoder says nothing of codes that do not exist, of coefficients past the 64th and of up to
/// 7 bytes left over: of 100 zeros in the middle of a photograph it missed a third (2026-11). This follows
/// the Huffman codes of a sequential JPEG (ITU-T T.81, F.2.2) without making pixels of them. Empty: nothing
/// is wrong, or it is of another kind, or the data end early, which libjpeg does say.
std::string find_jpeg_damage(std::span<const uint8_t> bytes);

}  // namespace uvic
