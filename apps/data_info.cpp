#include "data_info.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <iomanip>
#include <iostream>

#include "core/errors.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/text.h"
#include "data/pack/dataset.h"
#include "data/pack/file.h"
#include "encoders/autoencoder.h"
#include "io/grid.h"
#include "io/output_path.h"
#include "io/png.h"
#include "nn/autoencoder_tiles.h"
#include "sampling/captioned_grid.h"

namespace uvic {
namespace {

constexpr size_t kMostNamed = 20;

void line(const std::string& name, const std::string& value) {
  std::cout << "  " << std::left << std::setw(12) << name << value << "\n";
}

std::string range(int64_t least, int64_t most) {
  return least == most ? std::to_string(least) : c10::str(least, " to ", most);
}

std::string classes_of(const PackContents& contents, const PackFile& file) {
  if (contents.num_classes == 0) return "none";
  std::vector<int64_t> counts(size_t(contents.num_classes));
  for (int64_t i = 0; i < file.size(); ++i) ++counts[size_t(file.entry(i).label)];
  const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
  std::string text = c10::str(contents.num_classes, ", ", range(*least, *most), " images each");
  if (contents.class_names.empty()) return text;
  std::vector<std::string> names(
      contents.class_names.begin(),
      contents.class_names.begin() + std::ptrdiff_t(std::min(contents.class_names.size(), kMostNamed)));
  if (names.size() < contents.class_names.size()) names.emplace_back("...");
  return text + ": " + join(names, ", ");
}

std::string captions_of(const PackFile& file) {
  int64_t all = 0, least = file.entry(0).captions, most = 0;
  for (int64_t i = 0; i < file.size(); ++i) {
    const int64_t count = file.entry(i).captions;
    all += count;
    least = std::min(least, count);
    most = std::max(most, count);
  }
  return c10::str(all, ", ", range(least, most), " an image");
}

void print(const PackFile& file) {
  const PackContents& contents = file.contents();
  const auto [C, H, W] = contents.shape;
  std::cout << file.name() << ": a pack of uvic " << contents.made_by << "\n";
  line("images", c10::str(file.size(), ", ", contents.latents ? "latents " : "", C, "x", H, "x", W, " ",
                          pack_type_name(contents.dtype),
                          contents.latents ? contents.mirrored ? ", with those of the mirrored images"
                                                               : ", none of mirrored images"
                                           : ""));
  line("size",
       c10::str(format_bytes(double(file.file_bytes())), ", ", contents.image_bytes(), " bytes an image"));
  line("classes", classes_of(contents, file));
  line("captions", contents.captions ? captions_of(file) : "none");
  if (!contents.tokenizer.empty()) line("tokens", contents.tokenizer_text + ", sha256 " + contents.tokenizer);
  if (!contents.states_of.empty())
    line("states", c10::str(contents.states_tokens, "x", contents.states_dim, " ",
                            pack_type_name(contents.states_dtype), " of ", contents.states_of, ", sha256 ",
                            contents.states_sha256));
  if (contents.latents) line("autoencoder", to_json(*contents.latents));
  line("mirrored", contents.mirror_by_default ? "by default" : "only if data.random_flip is true");
  line("made of", contents.source);
}

/// Reads every record. UsageError names those that are damaged.
void check_records(const PackFile& file) {
  constexpr size_t kMost = 10;
  std::vector<std::string> problems;
  ProgressBar bar("checking", "images", file.size());
  for (int64_t i = 0; i < file.size(); ++i) {
    for (const auto part : {&PackFile::image, &PackFile::captions}) {
      try {
        (file.*part)(i);
      } catch (const UsageError& error) {
        problems.emplace_back(error.what());
      }
    }
    bar.update(i + 1);
  }
  bar.finish();
  const size_t more = problems.size() > kMost ? problems.size() - kMost : 0;
  problems.resize(problems.size() - more);
  check_usage(problems.empty(), join(problems, "; "), more > 0 ? c10::str("; and ", more, " more") : "");
}

/// What stands under an image: its first caption, or its class, or its name.
std::string text_of(const Dataset& pack, int64_t image) {
  if (pack.captions() != nullptr) return pack.captions()->text(image, 0);
  const auto names = pack.class_names();
  if (!names.empty()) return names[size_t(pack.label(image))];
  return pack.num_classes() > 0 ? c10::str("class ", pack.label(image)) : pack.name(image);
}

}  // namespace

void PackInfoCommand::add_to(CLI::App& app) {
  app.add_option("file", file, "a pack of uvic-data")->required();
  app.add_flag("--verify", verify, "read all of it: are all records as they were written");
  app.add_option("--sheet", sheet, "write a picture of some images with their captions: a .png");
  app.add_option("--sheet-images", sheet_images, "how many, evenly spread over the pack")
      ->check(CLI::Range(int64_t{1}, int64_t{4096}))
      ->capture_default_str()
      ->needs("--sheet");
  app.add_option("--vae", vae,
                 "decodes the pictures of a pack of latents: the autoencoder that it was made with")
      ->needs("--sheet");
}

int PackInfoCommand::run() const {
  if (!sheet.empty()) check_output_file("--sheet", sheet, {".png"});
  {
    const PackFile pack(file);
    check_usage(sheet.empty() || !vae.empty() || !pack.contents().latents, "--sheet: ", file,
                " holds latents; --vae names the autoencoder that decodes them");
    if (verify) check_records(pack);
    print(pack);
    if (verify) line("checked", "all records are as they were written");
  }
  if (!sheet.empty()) write_sheet(*open_pack(file));
  return kDone;
}

at::Tensor PackInfoCommand::pictures(const Dataset& pack, const std::vector<int64_t>& images) const {
  std::vector<at::Tensor> found;
  if (!pack.latents()) {
    for (const int64_t i : images) found.push_back(pack.image(i));
    return at::stack(found);
  }
  const LoadedAutoencoder autoencoder = load_autoencoder(vae);
  const auto clauses = differences(autoencoder.space, *pack.latents());
  check_usage(clauses.empty(), "--vae: ", vae, " is not of the latents of ", file, ": ", join(clauses, "; "));
  for (const int64_t i : images) found.push_back(pack.moments(i, /*mirrored=*/false)[0]);
  return to_uint8(decode_within(*autoencoder.network, at::stack(found)));
}

void PackInfoCommand::write_sheet(const Dataset& pack) const {
  const int64_t count = std::min(sheet_images, pack.size());
  std::vector<int64_t> images;
  std::vector<std::string> texts;
  for (int64_t i = 0; i < count; ++i) {
    images.push_back(i * pack.size() / count);
    texts.push_back(text_of(pack, images.back()));
  }
  const auto [rows, cols] = square_grid(count);
  save_png(sheet, captioned_grid(pictures(pack, images), texts, rows, cols));
  log_info("wrote ", sheet, ": ", count_of(uint64_t(count), "image"), " of ", pack.size());
}

}  // namespace uvic
