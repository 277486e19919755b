#include "fid_merge.h"

#include "app.h"
#include "core/log.h"
#include "core/text.h"
#include "sampling/dump/dump.h"
#include "sampling/dump/merge.h"

namespace uvic {

void MergeCommand::add_to(CLI::App& app) {
  app.add_option("out", out, "the merged dump: a folder, x.zip or x.npz")->required();
  app.add_option("shards", shards, "finished dumps of one command, of any format")
      ->required()
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--format", format, "auto (by the ending of `out`), png, subdirs, zip or npz")
      ->capture_default_str();
  app.add_flag("--quiet", quiet, "only warnings and errors");
}

int MergeCommand::run() const {
  set_quiet(quiet);
  const DumpFormat chosen = parse_format(format, out);
  check_dump_path(out, chosen);  // before the shards are gone through
  const MergeReport report = merge_dumps(out, chosen, {shards.begin(), shards.end()});
  log_info("merged ", count_of(shards.size(), "dump"), " into ", out, ": ", count_of(report.images, "image"),
           report.kept > 0 ? c10::str(", ", report.kept, " of them there already") : "");
  return kDone;
}

}  // namespace uvic
