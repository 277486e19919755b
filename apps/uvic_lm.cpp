// uvic-lm: trains a Cogformer language model, generates with it and measures it.
#include "app.h"
#include "lm_convert.h"
#include "lm_eval.h"
#include "lm_generate.h"
#include "lm_info.h"
#include "lm_pack.h"
#include "lm_probe.h"
#include "lm_train.h"

int main(int argc, char** argv) {
  uvic::LanguageTrainCommand train;
  uvic::PackCommand pack;
  uvic::InfoCommand info;
  uvic::GenerateCommand generate;
  uvic::EvalCommand eval;
  uvic::ProbeCommand probe;
  uvic::LanguageConvertCommand convert;
  uvic::Commands commands("uvic-lm");
  const auto add_options = [&](CLI::App& app) {
    app.require_subcommand(1);
    commands.add(app, "pack", "text into tokens for training", pack);
    commands.add(app, "info", "what a file of tokens holds", info);
    commands.add(app, "train", "train a model on tokens; the same command again resumes", train,
                 /*shares=*/true);
    commands.add(app, "generate", "text that goes on with a prompt", generate);
    commands.add(app, "eval",
                 "perplexity and bits per byte of a text, or accuracy on multiple-choice questions", eval);
    commands.add(app, "probe",
                 "how far a model tells long sequences apart: the paper's two tests of collapse", probe);
    commands.add(app, "convert", "weights to another file format, layout or number type", convert);
  };
  return uvic::run_app("uvic-lm",
                       "Trains Cogformer, a language model with Cog Attention, and generates with it.", argc,
                       argv, add_options, [&] { return commands.run(); });
}
