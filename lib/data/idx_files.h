// Where the files of an idx data set are: archives and programs name them differently.
#pragma once
#include <filesystem>
#include <vector>

namespace uvic {

struct IdxFiles {
  std::filesystem::path images, labels;
};

/// The training pair below `directory`, or with `held_out` the test pair (t10k, of EMNIST and QMNIST test):
/// `train-images-idx3-ubyte` or `train-images.idx3-ubyte`, with .gz or without (which is taken where there
/// are both), also as the one file of a folder of its own name, and with a prefix (`emnist-letters-`) where
/// there is but one set; in `directory` or in `MNIST/raw` and the like, as torchvision lays them. UsageError:
/// no such folder, no such file, and which are near; several sets.
IdxFiles find_idx_files(const std::filesystem::path& directory, bool held_out);

}  // namespace uvic
