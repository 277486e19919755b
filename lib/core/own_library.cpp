#include "core/own_library.h"

#include <dlfcn.h>

#include <filesystem>

namespace uvic {

void* open_own_library(const std::string& name, int flags, std::string& problem) {
  Dl_info self{};
  if (dladdr(reinterpret_cast<const void*>(&open_own_library), &self) == 0) {
    problem = name + ": this code has no place of its own";
    return nullptr;
  }
  const auto folder = std::filesystem::absolute(self.dli_fname).parent_path();
  for (const auto& path : {folder / name, folder.parent_path() / "lib" / name}) {
    if (void* library = dlopen(path.c_str(), flags)) return library;
    problem += std::string(problem.empty() ? "" : "; ") + dlerror();
  }
  return nullptr;
}

}  // namespace uvic
