#include "data/pack_text.h"

#include <algorithm>

#include "core/errors.h"
#include "core/text.h"
#include "data/pack_text_inputs.h"
#include "data/pack_text_split.h"
#include "data/pack_text_writer.h"
#include "io/atomic_file.h"
#include "io/json_text.h"
#include "io/output_path.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

bool holds_json_lines(const fs::path& path) {
  const std::string ending = extension_of(path);
  return ending == ".jsonl" || ending == ".ndjson";
}

class Packer {
 public:
  Packer(const fs::path& out, const Tokenizer& tokenizer, const PackTextOptions& options,
         std::function<void(int64_t)> progress)
      : tokenizer_(tokenizer),
        options_(options),
        progress_(std::move(progress)),
        writer_(out, tokenizer),
        splitter_(out, options.held_out, writer_) {}

  void add(const fs::path& path) {
    const bool json = options_.json_lines || holds_json_lines(path);
    TextReader reader(path, tokenizer_.needs_utf8() || json);
    if (json) {
      add_json_lines(reader);
    } else if (options_.documents == DocumentRule::kFiles) {
      for (std::string_view text; reader.next(text);) {
        splitter_.add(text);
        tell(reader);
      }
    } else {
      add_lines(reader);
    }
    splitter_.end_document();
    tell(reader);
    done_ += reader.position();
  }

  PackTextReport finish() {
    PackTextReport report;
    report.held_out_is_end = splitter_.finish();
    writer_.finish();
    report.train = writer_.part(TokenSplit::kTrain);
    report.held_out = writer_.part(TokenSplit::kHeldOut);
    return report;
  }

 private:
  void tell(const TextReader& reader) {
    const int64_t now = done_ + reader.position();
    if (now != told_) progress_(now);
    told_ = now;
  }

  void add_lines(TextReader& reader) {
    std::string ending;  // of the line before, in the same document
    reader.for_each_line([&](const std::string& line, const std::string& end, int64_t) {
      tell(reader);
      if (is_blank(line)) {
        splitter_.end_document();
        return ending.clear();
      }
      splitter_.add(ending);
      splitter_.add(line);
      if (options_.documents == DocumentRule::kBlankLines) {
        ending = end;
      } else {
        splitter_.end_document();
      }
    });
  }

  void add_json_lines(TextReader& reader) {
    reader.for_each_line([&](const std::string& line, const std::string&, int64_t number) {
      tell(reader);
      if (is_blank(line)) return;
      const auto json = parse_json(line, reader.name(), number);
      const std::string place = c10::str(reader.name(), ", line ", number, ": ");
      check_usage(json.is_object(), place, "must be a JSON object with the text under \"", options_.text_key,
                  "\", is ", json_kind(json));
      const auto found = json.find(options_.text_key);
      if (found == json.end()) {
        std::vector<std::string> keys;
        for (const auto& [key, value] : json.items()) keys.push_back(key);
        usage_error(place, "has no key \"", options_.text_key, "\", only ", join(keys, ", "),
                    " (--text-key says which holds the text)");
      }
      check_usage(found->is_string(), place, "\"", options_.text_key, "\" is ", json_kind(*found),
                  ", not a text");
      splitter_.add(found->get_ref<const std::string&>());
      splitter_.end_document();
    });
  }

  const Tokenizer& tokenizer_;
  const PackTextOptions& options_;
  std::function<void(int64_t)> progress_;
  int64_t done_ = 0;   // bytes of the files before
  int64_t told_ = -1;  // to progress_
  PackWriter writer_;
  DocumentSplitter splitter_;
};

}  // namespace

PackTextReport pack_text(const std::vector<std::string>& inputs, const fs::path& out,
                         const Tokenizer& tokenizer, const PackTextOptions& options,
                         const PackProgress& progress) {
  check_usage(options.held_out >= 0 && options.held_out <= 0.9, "held-out share ", options.held_out,
              ": must be from 0 to 0.9");
  check_output_file("", out);
  check_replaceable(out);
  const TextInputs found = find_text(inputs);
  for (const fs::path& file : found.files) {
    std::error_code absent;
    check_usage(!fs::equivalent(file, out, absent), out.string(), ": is itself one of the inputs");
  }
  Packer packer(out, tokenizer, options, [&](int64_t done) {
    if (progress) progress(done, found.bytes);
  });
  for (const fs::path& file : found.files) packer.add(file);
  PackTextReport report = packer.finish();
  report.files = int64_t(found.files.size());
  report.others = found.others;
  return report;
}

}  // namespace uvic
