// Dumps by the real uvic-fid, of a tiny run.
#pragma once
#include <map>

#include "support/trained_run.h"

namespace uvic::testing {

class DumpFiles {
 public:
  std::string path(const std::string& name) const { return (run_ / name).string(); }
  const TrainedRun& run() const { return run_; }
  /// `uvic-fid dump` in batches of 8 into path(name). One thread for the network: a second one would spin for
  /// whole time slices wherever the encoders, or another process, hold its core.
  std::string dump(const std::string& name, const std::string& options) const {
    return "uvic-fid dump " + run_.checkpoint() + " --threads 1 --batch 8 --out " + path(name) + " " +
           options;
  }
  /// Every file of a dump, its manifest too: its path within the folder, or its name, and its bytes.
  std::map<std::string, std::string> contents(const std::string& name) const {
    namespace fs = std::filesystem;
    std::map<std::string, std::string> files;
    if (fs::is_directory(path(name))) {
      for (const auto& entry : fs::recursive_directory_iterator(path(name))) {
        if (entry.is_regular_file())
          files[fs::relative(entry.path(), path(name)).string()] = read_bytes(entry.path());
      }
      return files;
    }
    for (const char* suffix : {"", ".manifest.json", ".part", ".part.log"}) {
      if (fs::exists(path(name) + suffix))
        files[std::string("OUT") + suffix] = read_bytes(path(name) + suffix);
    }
    return files;
  }
  void remove(const std::string& name) const {
    for (const char* suffix : {"", ".manifest.json", ".part", ".part.log"}) {
      std::filesystem::remove_all(path(name) + suffix);
    }
  }

 private:
  TrainedRun run_;
};

}  // namespace uvic::testing
