#include "data/pack_text_inputs.h"

#include <algorithm>
#include <set>

#include "core/errors.h"
#include "core/natural_order.h"
#include "data/listing.h"
#include "io/content_kind.h"
#include "text/utf8.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

constexpr size_t kReadPiece = 1 << 20;
constexpr int64_t kBeginning = 4096;
constexpr const char* kStandardInput = "/dev/stdin";
// Of content_kind: text all the same, in whatever encoding.
const std::set<std::string> kKindsOfText = {"a text file", "a JSON file", "an XML file", "an HTML page",
                                            "an SVG drawing"};

bool looks_like_text(std::string_view beginning) {
  if (beginning.find('\0') != std::string_view::npos) return false;
  const bool more = beginning.size() == size_t(kBeginning);
  return !first_invalid_utf8(
      beginning.substr(0, beginning.size() - (more ? cut_short_at_end(beginning) : 0)));
}

class TextFolder {
 public:
  TextFolder(const fs::path& root, TextInputs& inputs) : inputs_(inputs) {
    enter(root);
    std::sort(files_.begin(), files_.end(), natural_less);
    check_usage(!files_.empty(), root.string(), ": no text here or below");
    for (const std::string& file : files_) inputs_.files.emplace_back(file);
  }

 private:
  // By hand, not recursive_directory_iterator, which follows a link to a folder above it for ever.
  void enter(const fs::path& folder) {
    if (!seen_.insert(fs::canonical(folder)).second) return;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      if (is_of_the_system(entry.path().filename().string())) continue;
      if (entry.is_directory()) {
        enter(entry.path());
      } else if (entry.is_regular_file()) {
        add(entry.path());
      }
    }
    check_usage(!error, folder.string(), ": cannot list this folder: ", error.message());
  }
  void add(const fs::path& path) {
    const auto bytes = read_file(path, kBeginning).bytes;
    const bool text = looks_like_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    // A .txt in another encoding is a mistake to tell of, not a file to pass over.
    if (text || ending_of(path) == "txt") return files_.push_back(path.string());
    ++inputs_.others[ending_of(path)];
  }
  TextInputs& inputs_;
  std::vector<std::string> files_;
  std::set<fs::path> seen_;
};

}  // namespace

TextInputs find_text(const std::vector<std::string>& inputs) {
  TextInputs found;
  for (const std::string& input : inputs) {
    std::error_code ignored;
    const fs::path path = input == "-" ? kStandardInput : input;
    check_usage(fs::exists(path, ignored), input, ": no such file or folder");
    if (fs::is_directory(path, ignored)) {
      const TextFolder folder(path, found);
    } else {
      found.files.push_back(path);
    }
  }
  for (const fs::path& file : found.files) {
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) {
      found.bytes = 0;
      break;
    }
    found.bytes += int64_t(fs::file_size(file));
  }
  return found;
}

TextReader::TextReader(const fs::path& path, bool needs_utf8)
    : file_(path),
      needs_utf8_(needs_utf8),
      piece_(file_.size() > 0 ? std::min(kReadPiece, size_t(file_.size()) + 1) : kReadPiece) {}

void TextReader::check_beginning() {
  const std::string_view start = std::string_view(buffer_).substr(0, size_t(kBeginning));
  if (looks_like_text(start)) return refuse_lfs_pointer(start, name());
  check_usage(!needs_utf8_ || (!start.starts_with("\xFF\xFE") && !start.starts_with("\xFE\xFF")), name(),
              ": is UTF-16 text; save it as UTF-8");
  const std::string kind = content_kind(start);
  check_usage(!kind.ends_with("-compressed"), name(), ": ", kind,
              "; unpack it first, or into the standard input (-)");
  if (!kind.empty() && !kKindsOfText.contains(kind)) refuse_content(start, file_.size(), name(), "text");
}

bool TextReader::next(std::string_view& text) {
  line_ += size_t(std::count(buffer_.begin(), buffer_.begin() + std::ptrdiff_t(given_), '\n'));
  buffer_.erase(0, given_);
  const size_t left = buffer_.size();
  const bool beginning = position_ == 0;
  buffer_.resize(std::max(piece_, left));
  const int64_t got = file_.read(buffer_.data() + left, int64_t(buffer_.size() - left));
  position_ += got;
  buffer_.resize(left + size_t(got));
  const bool at_end = buffer_.size() < piece_;
  if (beginning && got > 0) check_beginning();
  given_ = buffer_.size();
  if (needs_utf8_) {
    if (!at_end) given_ -= cut_short_at_end(buffer_);
    const auto before = size_t(position_) - buffer_.size();
    const auto invalid = first_invalid_utf8(std::string_view(buffer_).substr(0, given_));
    if (invalid) usage_error(name(), ": not UTF-8: ", utf8_problem(buffer_, *invalid, before, line_));
  }
  text = std::string_view(buffer_).substr(0, given_);
  const bool more = !text.empty();
  if (beginning && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return more;
}

void TextReader::for_each_line(
    const std::function<void(const std::string& line, const std::string& ending, int64_t number)>& take) {
  std::string line;
  int64_t number = 0;
  const auto give = [&](bool ended) {
    const bool both = ended && line.ends_with('\r');
    if (both) line.pop_back();
    take(line, both ? "\r\n" : ended ? "\n" : "", ++number);
    line.clear();
  };
  for (std::string_view text; next(text);) {
    for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      line += text.substr(0, end);
      give(true);
      text.remove_prefix(end + 1);
    }
    line += text;
  }
  if (!line.empty()) give(false);
}

}  // namespace uvic
