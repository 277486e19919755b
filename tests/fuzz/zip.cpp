// ZIP archives: as they are, and as sets of images with their classes and captions.
#include "data/find_captions.h"
#include "data/listing.h"
#include "fuzz/fuzz.h"
#include "io/zip_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace uvic;
  const auto path = fuzz::file_of(fuzz::text_of(data, size), "x.zip");
  fuzz::taken_or_refused([&] {
    const ZipArchive archive(path);
    for (size_t i = 0; i < archive.entries().size(); ++i) fuzz::taken_or_refused([&] { archive.read(i); });
  });
  return fuzz::taken_or_refused([&] {
    const auto source = open_zip_source(path);
    for (const std::string& file : source->files()) {
      fuzz::taken_or_refused([&] { source->read(file, 16); });
      fuzz::taken_or_refused([&] { source->text(file); });
    }
    ImageListing listing = list_images(*source);
    settle_captions(survey_captions(*source, kAutoCaptions, listing), *source, listing);
  });
}
