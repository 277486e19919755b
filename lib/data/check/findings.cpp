#include "data/check/findings.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "core/text.h"

namespace uvic {
namespace {

using Items = std::vector<std::string>;

constexpr int64_t kMostTimesMedian = 16, kMostTimesSide = 3, kUnevenClass = 10;

/// "3 images are grey", where one is "1 image is grey".
std::string are(size_t count, const std::string& noun, const std::string& what) {
  return count_of(count, noun) + (count == 1 ? " is " : " are ") + what;
}

std::string size_of(const ImageLook& look) {
  return std::to_string(look.width) + " x " + std::to_string(look.height);
}

std::vector<const ImageLook*> readable(const std::vector<ImageLook>& looks) {
  std::vector<const ImageLook*> some;
  for (const ImageLook& look : looks) {
    if (look.problem.empty()) some.push_back(&look);
  }
  return some;
}

template <class Is>
Items those(const std::vector<const ImageLook*>& looks, const Is& is, bool with_size = false) {
  Items items;
  for (const ImageLook* look : looks) {
    if (is(*look)) items.push_back(look->name + (with_size ? ": " + size_of(*look) : ""));
  }
  return items;
}

void add(CheckReport& report, const std::string& key, std::string what, std::string training, Items items) {
  if (!items.empty())
    report.findings.push_back({key, std::move(what), std::move(training), std::move(items)});
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g %%", 100 * share);
  return text;
}

}  // namespace

void add_unreadable(const std::vector<ImageLook>& looks, bool stored, CheckReport& report) {
  Items items;
  for (const ImageLook& look : looks) {
    if (!look.problem.empty()) items.push_back(stored ? look.problem : look.name + ": " + look.problem);
  }
  const std::string what = count_of(items.size(), "image") + " cannot be read";
  add(report, "unreadable", what,
      stored ? "training stops where it comes to one; make the set anew"
             : "training stops at the start or where it comes to one; data.on_error: skip leaves them out",
      std::move(items));
}

void add_sizes(const std::vector<ImageLook>& looks, int64_t image_size, CheckReport& report) {
  auto some = readable(looks);
  if (some.empty()) return;
  std::map<std::string, int64_t> formats;
  std::vector<const ImageLook*> by_area = some;
  const auto area = [](const ImageLook& look) { return look.width * look.height; };
  std::sort(by_area.begin(), by_area.end(),
            [&](const ImageLook* a, const ImageLook* b) { return area(*a) < area(*b); });
  const ImageLook &least = *by_area.front(), &median = *by_area[by_area.size() / 2], &most = *by_area.back();
  for (const ImageLook* look : some) ++formats[look->format];
  Items counts;
  for (const auto& [format, count] : formats) {
    if (!format.empty()) counts.push_back(format + " " + std::to_string(count));
  }
  if (!counts.empty()) report.facts.emplace_back("formats", join(counts, ", "));
  std::set<std::pair<int64_t, int64_t>> sizes;
  for (const ImageLook* look : some) sizes.emplace(look->width, look->height);
  report.facts.emplace_back("sizes", sizes.size() == 1 ? size_of(median)
                                                       : "from " + size_of(least) + " to " + size_of(most) +
                                                             ", the median " + size_of(median) + ", " +
                                                             count_of(sizes.size(), "size"));
  Items odd = those(
      some,
      [&](const ImageLook& look) {
        return area(look) > kMostTimesMedian * area(median) || kMostTimesMedian * area(look) < area(median);
      },
      true);
  const std::string far =
      are(odd.size(), "image", "of a size far from the others' (the median is ") + size_of(median) + ")";
  add(report, "odd_sizes", far, "training scales them as it does the others", std::move(odd));
  Items longish = those(
      some,
      [](const ImageLook& look) {
        return std::max(look.width, look.height) > kMostTimesSide * std::min(look.width, look.height);
      },
      true);
  const std::string longer = are(longish.size(), "image", "more than three times as long as wide");
  add(report, "elongated", longer, "training crops the centre and sees less than a third of them",
      std::move(longish));
  Items small = those(
      some, [&](const ImageLook& look) { return std::min(look.width, look.height) < image_size; }, true);
  const std::string asked = std::to_string(image_size), fewer = are(small.size(), "image", "smaller than ");
  add(report, "small", fewer + asked + " x " + asked, "training upsamples them, so they are soft",
      std::move(small));
}

void add_colours(const std::vector<ImageLook>& looks, CheckReport& report) {
  const auto some = readable(looks);
  Items grey = those(some, [](const ImageLook& look) { return look.grey; });
  if (grey.size() == some.size()) {
    if (!grey.empty()) report.facts.emplace_back("colours", "all images are grey: model.in_chans may be 1");
  } else {
    const std::string what = are(grey.size(), "image", "grey, the others are not");
    add(report, "grey", what, "training takes them as they are: red, green and blue are the same",
        std::move(grey));
  }
  Items transparent = those(some, [](const ImageLook& look) { return look.transparent; });
  const std::string what = are(transparent.size(), "image", "transparent in places");
  add(report, "transparent", what, "training puts them over data.background, white unless it says otherwise",
      std::move(transparent));
}

void add_duplicates(const std::vector<ImageLook>& looks, const std::vector<int64_t>& labels,
                    CheckReport& report) {
  std::map<std::string, std::vector<size_t>> groups;
  for (size_t i = 0; i < looks.size(); ++i) {
    if (!looks[i].pixels.empty()) groups[looks[i].pixels].push_back(i);
  }
  std::vector<std::vector<size_t>> several;
  for (auto& [pixels, images] : groups) {
    if (images.size() > 1) several.push_back(std::move(images));
  }
  std::sort(several.begin(), several.end());
  Items same, apart;
  size_t too_many = 0;
  for (const auto& images : several) {
    Items names;
    for (const size_t i : images) names.push_back(looks[i].name);
    const std::string line = join(names, " = ");
    same.push_back(line);
    too_many += images.size() - 1;
    const bool differ = !labels.empty() && std::any_of(images.begin(), images.end(), [&](size_t i) {
      return labels[i] != labels[images[0]];
    });
    if (differ) apart.push_back(line);
  }
  const std::string copies =
      are(too_many, "image", "of the same pixels as others, in ") + count_of(same.size(), "group");
  add(report, "duplicates", copies,
      "training shows them as often as they are there; with data.val_fraction copies may lie on both sides",
      std::move(same));
  const std::string what = are(apart.size(), "group", "of equal images of different classes");
  add(report, "contradictory_duplicates", what, "training is told that one picture is of several classes",
      std::move(apart));
}

void add_classes(const std::vector<int64_t>& labels, int64_t num_classes, const Items& names,
                 const std::string& from, CheckReport& report) {
  if (labels.empty() || num_classes == 0) {
    report.facts.emplace_back("classes", from.empty() ? "none" : "none (" + from + ")");
    return;
  }
  std::vector<int64_t> counts(static_cast<size_t>(num_classes));
  for (const int64_t label : labels) ++counts.at(size_t(label));
  std::vector<int64_t> sorted = counts;
  std::sort(sorted.begin(), sorted.end());
  const int64_t median = sorted[sorted.size() / 2];
  const std::string each = sorted.front() == sorted.back()
                               ? std::to_string(median)
                               : std::to_string(sorted.front()) + " to " + std::to_string(sorted.back());
  report.facts.emplace_back("classes", std::to_string(num_classes) + (from.empty() ? "" : " from " + from) +
                                           ", of " + each + " images");
  Items few, none;
  for (size_t i = 0; i < counts.size(); ++i) {
    const std::string name = i < names.size() ? names[i] : "class " + std::to_string(i);
    if (counts[i] == 0) {
      none.push_back(name);
    } else if (kUnevenClass * counts[i] < median) {
      few.push_back(name + ": " + count_of(uint64_t(counts[i]), "image") + ", " +
                    percent(double(counts[i]) / double(labels.size())));
    }
  }
  const auto classes = [](size_t count) {
    return std::to_string(count) + (count == 1 ? " class has " : " classes have ");
  };
  const std::string uneven = classes(few.size()) +
                             "less than a tenth of the images that others have (the median is " +
                             std::to_string(median) + ")";
  add(report, "uneven_classes", uneven, "training shows every image as often, and these classes seldom",
      std::move(few));
  const std::string absent = classes(none.size()) + "no images";
  add(report, "empty_classes", absent, "training learns nothing of them, and they can be asked for",
      std::move(none));
}

void add_captions(int64_t captions, int64_t empty, const Items& which_empty, int64_t images,
                  const std::string& from, CheckReport& report) {
  char each[32];
  std::snprintf(each, sizeof each, "%.1f", double(captions) / double(std::max<int64_t>(images, 1)));
  report.facts.emplace_back("captions", std::to_string(captions) + (from.empty() ? "" : " from " + from) +
                                            ", " + each + " an image");
  add(report, "empty_captions", are(size_t(empty), "caption", "empty"),
      "training shows such an image without a condition, as guidance's null condition", which_empty);
}

}  // namespace uvic
