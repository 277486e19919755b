// `uvic-fid verify`: is a dump whole, and does its checkpoint still make those images?
#pragma once
#include <map>

#include "app.h"
#include "recipe/load_model.h"
#include "sampling/dump/reader.h"

namespace uvic {

struct VerifyCommand {
  CommonOptions common;
  std::string path, checkpoint;
  size_t count = 8;
  uint64_t seed = 0;

  void add_to(CLI::App& app);
  int run();

 private:
  LoadedModel find(const DumpManifest& manifest) const;
  int compare(LoadedModel& loaded, const DumpReader& reader, const std::map<size_t, at::Tensor>& pixels,
              c10::Device device) const;
};

}  // namespace uvic
