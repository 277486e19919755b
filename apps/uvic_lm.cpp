// uvic-lm: trains a Cogformer language model, generates with it and measures it.
#include "app.h"
#include "core/environment.h"
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
  std::function<int()> run;
  const auto add_options = [&](CLI::App& app) {
    app.require_subcommand(1);
    const auto add = [&](const char* name, const char* help, auto& command) {
      auto* sub = app.add_subcommand(name, help);
      command.add_to(*sub);
      sub->callback([&run, &command, name = std::string(name)] {
        run = [&command, name] {
          uvic::refuse_ranks("uvic-lm " + name);
          return command.run();
        };
      });
    };
    add("pack", "text into tokens for training", pack);
    add("info", "what a file of tokens holds", info);
    add("train", "train a model on tokens; the same command again resumes", train);
    add("generate", "text that goes on with a prompt", generate);
    add("eval", "perplexity and bits per byte of a text, or accuracy on multiple-choice questions", eval);
    add("probe", "how far a model tells long sequences apart: the paper's two tests of collapse", probe);
    add("convert", "weights to another file format, layout or number type", convert);
  };
  return uvic::run_app("uvic-lm",
                       "Trains Cogformer, a language model with Cog Attention, and generates with it.", argc,
                       argv, add_options, [&] { return run(); });
}
