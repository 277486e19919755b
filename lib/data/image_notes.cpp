#include "data/image_notes.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "core/log.h"
#include "core/text.h"
#include "data/decode.h"

namespace uvic {
namespace {

constexpr size_t kMostNotes = 5, kMostLookedAt = 16;
constexpr int kTwelveBits = 4095, kMask = 15;

/// Which files have been spoken of, by note.
class Said {
 public:
  /// Whether `file` is new.
  bool add(const std::string& file, const std::string& note) {
    const std::lock_guard lock(mutex_);
    return files_[note].insert(file).second;
  }
  /// Counts one more line of its own for a file with this note.
  size_t count_line(const std::string& note) {
    const std::lock_guard lock(mutex_);
    return ++lines_[note];
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::set<std::string>> files_;
  std::map<std::string, size_t> lines_;
};

Said& said() {
  static Said said;
  return said;
}

int largest_8_bit_sample(std::span<const uint8_t> bytes, const std::string& name) {
  const Pixels pixels = decode_image(bytes, name, {});
  return *std::max_element(pixels.data.begin(), pixels.data.end());
}

/// Warns if up to 16 of the images of `depth` bits (8: of up to 8), evenly chosen, have no sample beyond
/// `most`. Mostly the first of them shows that all is well.
void hint_at_darkness(const FileSource& source, const std::vector<std::string>& files,
                      const std::vector<ImageVerdict>& verdicts, int depth, int most) {
  std::vector<size_t> of_depth;
  for (size_t i = 0; i < verdicts.size(); ++i) {
    if ((verdicts[i].depth == 16) == (depth == 16) && verdicts[i].problem.empty()) of_depth.push_back(i);
  }
  const size_t count = std::min(of_depth.size(), kMostLookedAt);
  int largest = -1;
  for (size_t i = 0; i < count && largest <= most; ++i) {
    const std::string& file = files[of_depth[i * of_depth.size() / count]];
    const std::string name = source.full_name(file);
    try {
      const auto bytes = source.read(file).bytes;
      largest = std::max(
          largest, depth == 16 ? largest_16_bit_sample(bytes, name, {}) : largest_8_bit_sample(bytes, name));
    } catch (const UsageError&) {
      continue;  // data.on_error decides on it when it is met
    }
  }
  if (largest < 0 || largest > most) return;
  const char* reason = depth == 8       ? ", as masks of class numbers do"
                       : largest > 1023 ? " (12 bits)"
                       : largest > 255  ? " (10 bits)"
                                        : " (8 bits)";
  log_warning(source.name(), ": of ", count == of_depth.size() ? "" : c10::str(count, " looked at of "),
              count_of(of_depth.size(), "image"), " of ", depth, " bits none goes beyond ", largest, reason,
              ": ", depth == 16 ? 65535 : 255,
              " is white, so they come out nearly black; scale them up to it");
}

}  // namespace

void note_once(const std::string& file, const std::string& note) {
  if (!said().add(file, note)) return;
  const size_t lines = said().count_line(note);
  if (lines <= kMostNotes) {
    log_warning(file, ": ", note);
  } else if (lines == kMostNotes + 1) {
    log_warning("more images follow of which this is so, and are not named: ", note);
  }
}

void report_notes(const FileSource& source, const std::vector<std::string>& files,
                  const std::vector<ImageVerdict>& verdicts) {
  std::map<std::string, std::vector<std::string>> noted;
  for (size_t i = 0; i < verdicts.size(); ++i) {
    const std::string& note = verdicts[i].note;
    if (note.empty() || !verdicts[i].problem.empty()) continue;
    if (said().add(source.full_name(files[i]), note)) noted[note].push_back(files[i]);
  }
  for (auto& [note, names] : noted) {
    const size_t count = names.size();
    names.resize(std::min(count, kMostNotes));
    if (count > kMostNotes) names.push_back(c10::str("and ", count - kMostNotes, " more"));
    log_warning(source.name(), ": ", join(names, ", "), ": ", note);
  }
  hint_at_darkness(source, files, verdicts, 16, kTwelveBits);
  hint_at_darkness(source, files, verdicts, 8, kMask);
}

}  // namespace uvic
