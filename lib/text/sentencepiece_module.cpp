#include "text/sentencepiece_module.h"

#include <sentencepiece_processor.h>

#include <memory>

namespace uvic {
namespace {

using Processor = sentencepiece::SentencePieceProcessor;

const Processor& of(void* model) {
  return *static_cast<const Processor*>(model);
}

void* open_model(const char* bytes, size_t size) {
  auto processor = std::make_unique<Processor>();
  const bool good = processor->LoadFromSerializedProto(absl::string_view(bytes, size)).ok();
  return good && processor->GetPieceSize() > 0 ? processor.release() : nullptr;
}

SentencePieceModule::Kind kind_of(void* model, int token) {
  if (of(model).IsControl(token)) return SentencePieceModule::kControl;
  if (of(model).IsUnused(token)) return SentencePieceModule::kUnused;
  if (of(model).IsByte(token)) return SentencePieceModule::kByte;
  return of(model).IsUnknown(token) ? SentencePieceModule::kUnknown : SentencePieceModule::kWord;
}

void piece_of(void* model, int token, SentencePieceModule::TakeText take, void* to) {
  const std::string& piece = of(model).IdToPiece(token);
  take(to, piece.data(), piece.size());
}

void decode(void* model, const int* tokens, size_t count, SentencePieceModule::TakeText take, void* to) {
  const std::string text = of(model).DecodeIds(std::vector<int>(tokens, tokens + count));
  take(to, text.data(), text.size());
}

bool encode(void* model, const char* text, size_t size, SentencePieceModule::TakeTokens take, void* to) {
  std::vector<int> tokens;
  if (!of(model).Encode(absl::string_view(text, size), &tokens).ok()) return false;
  take(to, tokens.data(), tokens.size());
  return true;
}

constexpr SentencePieceModule kModule = {
    .open = open_model,
    .close = [](void* model) { delete static_cast<Processor*>(model); },
    .size = [](void* model) { return of(model).GetPieceSize(); },
    .bos = [](void* model) { return of(model).bos_id(); },
    .eos = [](void* model) { return of(model).eos_id(); },
    .kind = kind_of,
    .piece = piece_of,
    .decode = decode,
    .encode = encode,
};

}  // namespace

const SentencePieceModule* uvic_sentencepiece() {
  return &kModule;
}

}  // namespace uvic
