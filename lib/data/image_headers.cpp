#include "data/image_headers.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <tuple>
#include <unordered_map>

#include "core/log.h"
#include "core/progress.h"
#include "data/image_header.h"
#include "io/atomic_file.h"
#include "io/read_file.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

using Memory = std::unordered_map<std::string, ImageVerdict>;  // by the name of the file
// Lines of an earlier kind were shorter, and are read as malformed.
using Line = std::tuple<std::string, int64_t, int64_t, int64_t, int64_t, int64_t, std::string, std::string>;

Memory recall(const fs::path& path) {
  Memory memory;
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return memory;
  std::istringstream lines;
  try {
    lines.str(read_text(path));
  } catch (const UnreadableFile& error) {
    log_warning(error.what(), "; the images will be looked at again");
  }
  for (std::string line; std::getline(lines, line);) {
    try {
      auto [name, bytes, modified, width, height, depth, problem, note] =
          nlohmann::json::parse(line).get<Line>();
      memory[name] = {bytes, modified, width, height, depth, std::move(problem), std::move(note)};
    } catch (const nlohmann::json::exception&) {
      continue;  // such a file is read again
    }
  }
  return memory;
}

void remember(const fs::path& path, const std::vector<std::string>& files,
              const std::vector<ImageVerdict>& verdicts, const std::vector<char>& lasting) {
  std::error_code ignored;
  if (!fs::is_directory(fs::absolute(path).parent_path(), ignored)) return;
  const auto write = [&](std::ostream& stream) {
    for (size_t i = 0; i < files.size(); ++i) {
      const auto& [bytes, modified, width, height, depth, problem, note] = verdicts[i];
      const nlohmann::json line = Line{files[i], bytes, modified, width, height, depth, problem, note};
      if (lasting[i]) stream << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    }
  };
  try {
    write_file_atomically(path, write, Flush::kLater);
  } catch (const std::exception& error) {
    log_warning(error.what(), "; the images will be looked at again at the next start");
  }
}

/// Fills `verdict`; false if it is the system that fails.
bool judge(const FileSource& source, const std::string& file, ImageVerdict& verdict) {
  const size_t name = source.full_name(file).size() + std::string_view(": ").size();
  try {
    const ImageHeader header = read_image_header(source, file);
    const bool turned = header.orientation >= 5;
    verdict.width = turned ? header.height : header.width;
    verdict.height = turned ? header.width : header.height;
    verdict.depth = header.depth;
    verdict.note = header.note;
  } catch (const UnreadableFile& error) {
    verdict.problem = std::string(error.what()).substr(name);
    return false;
  } catch (const UsageError& error) {
    verdict.problem = std::string(error.what()).substr(name);
  }
  return true;
}

}  // namespace

std::vector<ImageVerdict> read_image_headers(const FileSource& source, const std::vector<std::string>& files,
                                             const fs::path& memory) {
  const Memory known = recall(memory);
  const auto n = int64_t(files.size());
  std::vector<ImageVerdict> verdicts(files.size());
  std::vector<char> lasting(files.size(), 1), news(files.size());
  ProgressBar bar("looking at " + source.name(), "images", n);
  std::mutex mutex;  // of the bar
  int64_t done = 0;
  const auto finished = [&](int64_t more) {
    const std::lock_guard lock(mutex);
    bar.update(done += more);
  };
  at::parallel_for(0, n, 256, [&](int64_t begin, int64_t end) {
    for (auto i = size_t(begin); i < size_t(end); ++i) {
      // Before the file is read: what changes in between is read again next time.
      const FileSource::Stamp stamp = source.stamp(files[i]);
      verdicts[i].bytes = stamp.bytes;
      verdicts[i].modified = stamp.modified;
      const auto found = known.find(files[i]);
      const bool same = found != known.end() && found->second.bytes == verdicts[i].bytes &&
                        found->second.modified == verdicts[i].modified;
      if (same) {
        verdicts[i] = found->second;
      } else {
        news[i] = true;
        lasting[i] = judge(source, files[i], verdicts[i]);
      }
      if (i % 256 == 255) finished(256);
    }
  });
  const bool changed = known.size() != files.size() || std::find(news.begin(), news.end(), 1) != news.end();
  if (!memory.empty() && changed) remember(memory, files, verdicts, lasting);
  return verdicts;
}

void refuse_too_large(std::vector<ImageVerdict>& verdicts, int64_t max_pixels) {
  for (ImageVerdict& verdict : verdicts) {
    if (verdict.problem.empty()) {
      verdict.problem = too_many_pixels(verdict.width, verdict.height, max_pixels);
    }
  }
}

std::vector<std::string> problems_of(const FileSource& source, const std::vector<std::string>& files,
                                     const std::vector<ImageVerdict>& verdicts) {
  std::vector<std::string> problems;
  for (size_t i = 0; i < files.size(); ++i) {
    if (!verdicts[i].problem.empty())
      problems.push_back(source.full_name(files[i]) + ": " + verdicts[i].problem);
  }
  return problems;
}

}  // namespace uvic
