#include "train/preview_file.h"

#include "core/error_text.h"
#include "core/log.h"

namespace uvic {

void write_preview_file(const std::filesystem::path& file, int64_t step, const std::function<void()>& write) {
  try {
    std::filesystem::create_directories(file.parent_path());
    write();
  } catch (const std::exception& error) {
    log_warning("preview of step ", step, ": not written: ", error_text(error));
  }
}

}  // namespace uvic
