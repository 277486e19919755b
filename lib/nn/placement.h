// Which blocks of a network have which attention, and by which kernel.
#pragma once
#include <c10/core/Device.h>

#include <array>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "core/choice.h"
#include "core/precision.h"
#include "kernels/choose.h"

namespace uvic {

template <>
inline constexpr std::array kNamesOf<AttentionKind> = {"softmax", "cog", "softmax1", "sigmoid", "cog_sum1"};
static_assert(std::size(kAttentionKinds) == kNamesOf<AttentionKind>.size());

enum class KernelWish { kAuto, kFused, kUnfused };
template <>
inline constexpr std::array kNamesOf<KernelWish> = {"auto", "fused", "unfused"};

/// The attention of block `index` of 0 .. last in a network of `attention`, whose blocks named in
/// `softmax_layers` (first, last, lower_half: 0 .. last / 2, all, none, or indexes) stay softmax. UsageError
/// for another name, model.softmax_layers first.
AttentionKind kind_of_block(AttentionKind attention, const std::vector<std::string>& softmax_layers,
                            int64_t index, int64_t last);

/// `model.attention_kernel` as the operator takes it: auto is nullopt.
std::optional<bool> fused_attention(KernelWish wish);

/// The operator's kernel for blocks of a kind on `device` in `precision` (fp32, bf16). UsageError where
/// model.attention_kernel asks for a fused kernel that does not exist.
KernelChoice kernel_for(AttentionKind kind, KernelWish wish, int64_t head_dim, c10::Device device,
                        Precision precision);

/// "attention: 7 Cog blocks, fused, CPU AVX-512; 2 softmax blocks, ...": of `blocks` blocks by their kinds,
/// and what runs each.
std::string describe_blocks(int64_t blocks, const std::function<AttentionKind(int64_t index)>& kind_of,
                            const std::function<std::string(AttentionKind)>& runs);

}  // namespace uvic
