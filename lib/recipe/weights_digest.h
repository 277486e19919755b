#pragma once
#include <string>

namespace torch::nn {
class Module;
}

namespace uvic {

/// SHA-256 of a network's parameters, in hexadecimal: of their names, shapes and float32 values, so that
/// weights that are in no file yet, or in another kind of file, are known again.
std::string weights_digest(const torch::nn::Module& module);

}  // namespace uvic
