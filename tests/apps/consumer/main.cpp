#include <ATen/ATen.h>
#include <nn/uvit.h>

#include <iostream>

int main() {
  uvic::ModelOptions options;
  options.img_size = {8};
  options.num_classes = -1;
  std::cout << uvic::UViT(options).forward(at::zeros({1, 1, 8, 8}), at::zeros({1})).sizes() << "\n";
}
