// What should be said of images that are taken, though not quite as they are.
#pragma once
#include <string>
#include <vector>

#include "data/image_headers.h"

namespace uvic {

/// Warns "FILE: note", once a file and process; of many files with the same note the first five are named.
void note_once(const std::string& file, const std::string& note);

/// Warns of the notes of all files of a source, a line each kind, and of pictures that come out nearly black:
/// no sample of up to 16 of them, evenly chosen and decoded for that, goes beyond 4095 of 65535 or 15 of 255.
void report_notes(const FileSource& source, const std::vector<std::string>& files,
                  const std::vector<ImageVerdict>& verdicts);

}  // namespace uvic
