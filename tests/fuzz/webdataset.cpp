// Tars of images with their captions and classes.
#include "data/webdataset.h"

#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace uvic;
  const auto path = fuzz::file_of(fuzz::text_of(data, size), "x.tar");
  return fuzz::taken_or_refused([&] {
    const auto tars = open_tar_source(path);
    for (const std::string& file : tars->files()) {
      fuzz::taken_or_refused([&] { tars->read(file); });
      fuzz::taken_or_refused([&] { tars->read_last(file, 16); });
      tars->stamp(file);
    }
    ImageListing listing = list_samples(*tars);
    settle_captions(survey_sample_captions(*tars, kAutoCaptions, listing), *tars, listing);
  });
}
