#include "sampling/image_folder.h"

#include <set>
#include <string_view>

#include "core/errors.h"
#include "core/parse.h"
#include "io/output_path.h"
#include "io/png.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

// "sample.steps=4 there and sample.steps=2 here": the first words of two records that differ.
std::string first_difference(const std::string& a, const std::string& b) {
  constexpr auto kEnds = " ,{}";
  for (size_t i = 0, j = 0; i < a.size() && j < b.size(); ++i, ++j) {
    const std::string left = a.substr(i, a.find_first_of(kEnds, i) - i),
                      right = b.substr(j, b.find_first_of(kEnds, j) - j);
    if (left != right) return left + " there and " + right + " here";
    i += left.size();
    j += right.size();
  }
  return "other settings there";
}

std::string label_in(const std::string& record) {
  constexpr std::string_view kOption = " --labels ";
  const size_t at = record.find(kOption);
  if (at == std::string::npos) return "";
  const size_t begin = at + kOption.size();
  return record.substr(begin, record.find_first_of(" \"", begin) - begin);
}

bool is_picture(const fs::path& path) {
  static const std::set<std::string> endings = {".png", ".jpg",  ".jpeg", ".webp", ".bmp",
                                                ".gif", ".tiff", ".tif",  ".ppm",  ".pgm"};
  return endings.contains(extension_of(path));
}

}  // namespace

void check_image_folder(const std::string& option, const fs::path& folder,
                        const std::function<std::string(int64_t number, const std::string& made)>& expected,
                        const fs::path& except) {
  std::error_code absent;
  const std::string own = except.empty() ? "" : fs::absolute(except).replace_extension().string();
  for (const auto& entry : fs::directory_iterator(folder, absent)) {
    const fs::path& path = entry.path();
    const bool excepted = !own.empty() && fs::absolute(path).string().starts_with(own);
    if (!is_picture(path) || excepted || !entry.is_regular_file()) continue;
    const auto png = inspect_png(path);
    if (!png && extension_of(path) == ".png") continue;  // torn by a killed writer
    const std::string made = png && png->text.contains("parameters") ? png->text.at("parameters") : "";
    check_usage(!made.empty(), option, " ", folder.string(), ": holds ", path.filename().string(),
                ", which is not of this program's making; use another folder");
    int64_t number = -1;
    if (!parse_value(path.stem().string(), number)) continue;  // a grid
    const std::string there = comparable_record(made), here = comparable_record(expected(number, made));
    check_usage(there == here, option, " ", folder.string(), ": ", path.filename().string(),
                " in it was made with other settings, ", first_difference(there, here),
                "; use another folder");
  }
}

void check_image_folder(const std::string& option, const fs::path& folder, const RecordInputs& record,
                        const Asked& asked, const fs::path& except) {
  const auto expected = [&](int64_t seed, const std::string& made) {
    RecordInputs same = record;
    same.seeds = std::to_string(seed);
    const auto label = asked.labels.find(seed);
    same.labels = label != asked.labels.end() ? std::to_string(label->second) : label_in(made);
    const auto prompt = asked.prompts.find(seed);
    same.prompts.texts = prompt != asked.prompts.end() ? std::vector{prompt->second} : prompts_in(made);
    return sample_record(same);
  };
  check_image_folder(option, folder, expected, except);
}

}  // namespace uvic
