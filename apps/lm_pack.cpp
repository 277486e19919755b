#include "lm_pack.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "app.h"
#include "core/device.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/text.h"

namespace uvic {
namespace {

// Tokens a byte tell what a tokenizer is worth.
std::string text_of(const PackedPart& part) {
  char ratio[32];
  std::snprintf(ratio, sizeof ratio, "%.3f", double(part.tokens) / double(std::max<int64_t>(part.bytes, 1)));
  return c10::str(count_of(uint64_t(part.documents), "document"), ", ",
                  count_of(uint64_t(part.tokens), "token"), ", ", format_bytes(double(part.bytes)),
                  " of text (", ratio, " tokens a byte)");
}

std::string passed_over(const std::map<std::string, int64_t>& others) {
  std::vector<std::string> kinds;
  int64_t count = 0;
  for (const auto& [ending, files] : others) {
    kinds.push_back(c10::str(ending, " ", files));
    count += files;
  }
  return c10::str(count_of(uint64_t(count), "file"), " passed over, no text: ", join(kinds, ", "));
}

}  // namespace

void PackCommand::add_to(CLI::App& app) {
  app.add_option("inputs", inputs,
                 "files and folders of text (all below that is UTF-8), .jsonl or .ndjson with a document a "
                 "line, or - for the standard input")
      ->required()
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--out", out, "the pack to write, such as corpus.tokens")->required();
  app.add_option(
         "--tokenizer", tokenizer,
         "bytes; a SentencePiece model (x.model); or a folder of vocab.json and merges.txt, as GPT-2's")
      ->capture_default_str();
  app.add_option("--documents", documents,
                 "what a document is in a file of text: files (all of it), lines, or blank-lines (what these "
                 "part)")
      ->check(CLI::IsMember(options.documents.names()))
      ->capture_default_str();
  app.add_option("--held-out", options.held_out,
                 "the share to hold out for validation, 0 to 0.9: every tenth document for 0.1; of few "
                 "documents the end of the text")
      ->capture_default_str();
  app.add_option("--text-key", options.text_key, "of JSON lines: the key of the text")->capture_default_str();
  app.add_flag("--jsonl", options.json_lines, "all inputs are JSON lines, whatever their names");
  app.add_option("--threads", threads, "CPU threads; 0: one a core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str()
      ->group("Machine");
  app.add_flag("--quiet", quiet, "only warnings and errors")->group("Machine");
}

int PackCommand::run() {
  set_quiet(quiet);
  set_threads(threads);
  options.documents = documents;
  const auto opened = open_tokenizer(tokenizer);
  if (opened->bos() < 0)
    log_warning(tokenizer, ": has no token that begins a document, so nothing in the pack parts documents");
  constexpr int64_t kMega = 1'000'000;
  std::optional<ProgressBar> bar;
  const PackTextReport report = pack_text(inputs, out, *opened, options, [&](int64_t done, int64_t total) {
    if (total == 0) return;  // a pipe does not say how long it is
    if (!bar) bar.emplace("packing", "MB", total / kMega);
    bar->update(done / kMega);
  });
  bar.reset();
  if (!report.others.empty()) log_info(passed_over(report.others));
  log_info("wrote ", out, " of ", count_of(uint64_t(report.files), "file"), ", tokenizer ", opened->name(),
           ", ", opened->vocab_size(), " tokens in the vocabulary");
  log_info("  training: ", text_of(report.train));
  log_info("  held out: ", report.held_out.tokens == 0 ? "nothing" : text_of(report.held_out),
           report.held_out_is_end ? ", the end of the text" : "");
  return kDone;
}

}  // namespace uvic
