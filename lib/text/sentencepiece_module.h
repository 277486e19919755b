// SentencePiece behind a table of functions, in a library of its own that is opened when a model is asked
// for: it has a global `FLAGS_minloglevel` of another type than LibTorch's, and in one scope each writes over
// the other's.
#pragma once
#include <cstddef>

namespace uvic {

struct SentencePieceModule {
  using TakeText = void (*)(void* to, const char* text, size_t size);
  using TakeTokens = void (*)(void* to, const int* tokens, size_t count);
  enum Kind { kWord, kByte, kUnknown, kControl, kUnused };

  void* (*open)(const char* model, size_t size);  ///< null: not a model
  void (*close)(void* model);
  int (*size)(void* model);
  int (*bos)(void* model);
  int (*eos)(void* model);
  Kind (*kind)(void* model, int token);
  void (*piece)(void* model, int token, TakeText take, void* to);
  void (*decode)(void* model, const int* tokens, size_t count, TakeText take, void* to);
  bool (*encode)(void* model, const char* text, size_t size, TakeTokens take, void* to);
};

/// What the library exports, and its name without lib and .so.
extern "C" const SentencePieceModule* uvic_sentencepiece();
inline constexpr auto kSentencePieceLibrary = "libuvic_sentencepiece.so";

}  // namespace uvic
