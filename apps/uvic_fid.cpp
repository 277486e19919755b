// uvic-fid: dumps images in bulk, and scores them.
#include "app.h"
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
  uvic::Commands commands("uvic-fid");
  const auto add_options = [&](CLI::App& app) {
    app.require_subcommand(1);
    commands.add(app, "dump",
                 "write one image a seed into a folder, a ZIP or an npz; the same command again resumes",
                 dump, /*shares=*/true);
    commands.add(app, "merge", "join the shards of a dump; equal to the bytes to a dump by one process",
                 merge);
    commands.add(app, "verify",
                 "check that a dump is whole and make a random few of its images anew; exit code 1 if not",
                 verify);
    commands.add(app, "stats", "features of images -> mean and covariance, an .npz", stats,
                 /*shares=*/true);
    commands.add(app, "score", "FID, KID and their relatives of one set of images against another", score,
                 /*shares=*/true);
  };
  return uvic::run_app("uvic-fid", "Dumps images in bulk for FID, and scores them.", argc, argv, add_options,
                       [&] { return commands.run(); });
}
