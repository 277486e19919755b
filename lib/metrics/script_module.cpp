#include "metrics/script_module.h"

#include <torch/csrc/jit/runtime/operator.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <regex>
#include <set>

#include "core/error_text.h"
#include "core/errors.h"
#include "io/content_kind.h"
#include "io/read_file.h"
#include "io/zip_reader.h"

namespace uvic {
namespace {

/// Makes a name known to the compiler; whoever reaches it is told that it is missing.
void stand_in_for(const std::string& op) {
  torch::jit::registerOperator(torch::jit::Operator(
      op + "(...) -> Tensor",
      [op](torch::jit::Stack&) { TORCH_CHECK(false, "the operator ", op, " is not in this LibTorch"); },
      c10::AliasAnalysisKind::CONSERVATIVE));
}

/// What a file that is no TorchScript is instead; empty: not known.
std::string other_kind(const std::filesystem::path& path) {
  const std::string kind = content_kind(read_file(path, kContentBytes).bytes);
  if (kind != "a ZIP archive") return kind;
  const ZipArchive archive(path);
  const auto& entries = archive.entries();
  const bool pickled = std::any_of(entries.begin(), entries.end(),
                                   [](const auto& entry) { return entry.name.ends_with("/data.pkl"); });
  return pickled ? "what torch.save wrote, such as a state dict" : kind;
}

}  // namespace

torch::jit::Module load_script(const std::filesystem::path& path, c10::Device device) {
  static const std::regex unknown("Unknown builtin op: (aten::\\w+)");
  std::set<std::string> missing;
  for (;;) {
    try {
      torch::jit::Module module = torch::jit::load(path.string(), device, /*load_debug_files=*/false);
      check_usage(module.find_method("forward").has_value(), path.string(),
                  ": this TorchScript has no `forward`");
      module.eval();
      return module;
    } catch (const UsageError&) {
      throw;
    } catch (const std::exception& error) {
      const std::string text = error.what();
      std::smatch match;
      // A second time would mean that the stand-in does not do.
      if (!std::regex_search(text, match, unknown) || !missing.insert(match[1]).second) {
        const std::string kind = other_kind(path);
        usage_error(path.string(), ": is not a TorchScript network (torch.jit.save): ",
                    kind.empty() ? script_error(error) : "it is " + kind);
      }
      stand_in_for(match[1]);
    }
  }
}

std::string script_error(const std::exception& error) {
  const std::string text = error_text(error);
  size_t from = text.rfind("RuntimeError: ");
  from = from == std::string::npos ? text.find_first_not_of('\n') : from + 14;
  if (from == std::string::npos) return text;
  return text.substr(from, text.find('\n', from) - from);
}

}  // namespace uvic
