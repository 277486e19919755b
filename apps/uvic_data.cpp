// uvic-data: makes, converts and checks what is trained on.
#include "app.h"
#include "data_encode_text.h"
#include "data_info.h"
#include "data_pack.h"

int main(int argc, char** argv) {
  uvic::EncodeTextCommand encode_text;
  uvic::PackDataCommand pack;
  uvic::PackInfoCommand info;
  uvic::Commands commands("uvic-data");
  const auto add_options = [&](CLI::App& app) {
    app.require_subcommand(1);
    commands.add(app, "pack", "a data set into one file for training; the same command again goes on", pack);
    commands.add(app, "info", "what a pack holds", info);
    commands.add(app, "encode-text", "captions into the states of a CLIP text encoder", encode_text);
  };
  return uvic::run_app("uvic-data", "Makes, converts and checks what is trained on.", argc, argv, add_options,
                       [&] { return commands.run(); });
}
