// Files of torch.save whole: of any version, and safetensors, as the bytes say.
#include "fuzz/fuzz.h"
#include "io/tensor_file.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace uvic;
  const auto path = fuzz::file_of(fuzz::text_of(data, size), "x.pth");
  return fuzz::taken_or_refused([&] {
    const auto reader = open_tensor_file(path);
    for (size_t i = 0; i < reader->tensors().size(); ++i) {
      fuzz::taken_or_refused([&] { reader->check(i); });
      fuzz::taken_or_refused([&] { reader->read(i); });
    }
  });
}
