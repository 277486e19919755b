#pragma once
#include <memory>

#include "text/tokenizer.h"

namespace uvic {

/// Byte b is token b + 3, as in ByT5 (Xue et al., arXiv 2105.13626): 0 is padding, 1 begins a document, 2
/// ends it. Takes any bytes at all.
std::unique_ptr<Tokenizer> byte_tokenizer();

}  // namespace uvic
