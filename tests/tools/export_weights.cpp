// `export_weights CHECKPOINT OUT.safetensors`: the average with the largest decay as float16, with its
// metadata, as the weights in assets/ are.
#include <iostream>

#include "io/safetensors.h"
#include "sampling/weights_file.h"

int main(int argc, char** argv) {
  using namespace uvic;
  try {
    TORCH_CHECK(argc == 3, "usage: export_weights CHECKPOINT OUT.safetensors");
    SafeTensors weights = load_safetensors(find_weights_file(argv[1], "ema"));
    for (auto& [name, tensor] : weights.tensors) tensor = tensor.to(at::kHalf);
    save_safetensors(argv[2], weights.tensors, weights.metadata);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
}
