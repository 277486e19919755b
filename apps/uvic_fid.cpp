// uvic-fid: dumps images in bulk, and scores them.
#include "app.h"
#include "core/environment.h"
#include "fid_dump.h"
#include "fid_merge.h"
#include "fid_score.h"
#include "fid_stats.h"
#include "fid_verify.h"

int main(int argc, char** argv) {
  uvic::DumpCommand dump;
  uvic::MergeCommand merge;
  uvic::VerifyCommand verify;
  uvic::StatsCommand stats;
  uvic::ScoreCommand score;
  std::function<int()> run;
  const auto add_options = [&](CLI::App& app) {
    app.require_subcommand(1);
    const auto add = [&](const char* name, const char* help, auto& command) {
      auto* sub = app.add_subcommand(name, help);
      command.add_to(*sub);
      const bool shards = sub->get_name() == "dump";  // the others are one process
      sub->callback([&run, &command, shards, name = std::string(name)] {
        run = [&command, shards, name] {
          if (!shards) uvic::refuse_ranks("uvic-fid " + name);
          return command.run();
        };
      });
    };
    add("dump", "write one image a seed into a folder, a ZIP or an npz; the same command again resumes",
        dump);
    add("merge", "join the shards of a dump; equal to the bytes to a dump by one process", merge);
    add("verify", "check that a dump is whole and make a random few of its images anew; exit code 1 if not",
        verify);
    add("stats", "features of images -> mean and covariance, an .npz", stats);
    add("score", "FID, KID and their relatives of one set of images against another", score);
  };
  return uvic::run_app("uvic-fid", "Dumps images in bulk for FID, and scores them.", argc, argv, add_options,
                       [&] { return run(); });
}
