// `uvic-data info`: what a pack holds.
#pragma once
#include <string>
#include <vector>

#include "app.h"
#include "data/dataset.h"

namespace uvic {

class PackFile;

struct PackInfoCommand {
  std::string file, sheet, vae;
  int64_t sheet_images = 64;
  bool verify = false;

  void add_to(CLI::App& app);
  int run() const;

 private:
  void write_sheet(const Dataset& pack) const;
  at::Tensor pictures(const Dataset& pack, const std::vector<int64_t>& images) const;
};

}  // namespace uvic
