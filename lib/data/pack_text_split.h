#pragma once
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "data/pack_text_writer.h"

namespace uvic {

/// Gives documents to a PackWriter, each to the part that it belongs to; see pack_text. As long as it may be
/// that none is held out by its number, their text waits.
class DocumentSplitter {
 public:
  DocumentSplitter(const std::filesystem::path& out, double held_out, PackWriter& writer);
  /// More text of the document that is open; opens one.
  void add(std::string_view text);
  /// Ends the document if one is open.
  void end_document();
  /// Behind the last document. True if the end of the text is held out. UsageError if there is too little of
  /// it.
  bool finish();

 private:
  TokenSplit split_of(int64_t document) const;
  void replay(int64_t begin, int64_t end, TokenSplit split);
  int64_t place_to_cut();

  double held_out_;
  PackWriter& writer_;
  Spool text_;                 // of the documents that wait
  std::vector<int64_t> ends_;  // of each of them, in bytes of text_
  bool waits_, open_ = false;
  int64_t documents_ = 0;  // begun
};

}  // namespace uvic
