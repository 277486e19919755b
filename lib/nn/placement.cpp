#include "nn/placement.h"

#include <algorithm>
#include <charconv>

#include "core/errors.h"

namespace uvic {
namespace {

// Whether one entry of softmax_layers names block `index`.
bool names_block(const std::string& entry, int64_t index, int64_t last) {
  if (entry == "none") return false;
  if (entry == "all") return true;
  if (entry == "first") return index == 0;
  if (entry == "last") return index == last;
  if (entry == "lower_half") return index <= last / 2;
  int64_t number = -1;
  const auto [end, error] = std::from_chars(entry.data(), entry.data() + entry.size(), number);
  check_usage(error == std::errc{} && end == entry.data() + entry.size() && number >= 0 && number <= last,
              "model.softmax_layers: '", entry,
              "' must be first, last, lower_half, all, none, or a block index from 0 to ", last);
  return index == number;
}

}  // namespace

AttentionKind kind_of_block(AttentionKind attention, const std::vector<std::string>& softmax_layers,
                            int64_t index, int64_t last) {
  if (attention == AttentionKind::kSoftmax) return attention;
  const bool stays = std::any_of(softmax_layers.begin(), softmax_layers.end(),
                                 [&](const std::string& entry) { return names_block(entry, index, last); });
  return stays ? AttentionKind::kSoftmax : attention;
}

std::optional<bool> fused_attention(KernelWish wish) {
  if (wish == KernelWish::kAuto) return std::nullopt;
  return wish == KernelWish::kFused;
}

KernelChoice kernel_for(AttentionKind kind, KernelWish wish, int64_t head_dim, c10::Device device,
                        Precision precision) {
  try {
    return choose_kernel({.device = device.type(),
                          .dtype = precision == Precision::kBf16 ? at::kBFloat16 : at::kFloat,
                          .head_dim = head_dim,
                          .fused = fused_attention(wish),
                          .kind = kind});
  } catch (const c10::Error& error) {
    usage_error("model.attention_kernel: ", error.what_without_backtrace());
  }
}

std::string describe_blocks(int64_t blocks, const std::function<AttentionKind(int64_t)>& kind_of,
                            const std::function<std::string(AttentionKind)>& runs) {
  std::string text;
  for (const auto& [kind, name] : kAttentionKinds) {
    int64_t n = 0;
    for (int64_t i = 0; i < blocks; ++i) n += kind_of(i) == kind;
    if (n == 0) continue;
    text += c10::str(text.empty() ? "attention: " : "; ", n, " ", name, n == 1 ? " block, " : " blocks, ",
                     runs(kind));
  }
  return text;
}

}  // namespace uvic
