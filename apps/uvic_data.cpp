// uvic-data: makes, converts and checks what is trained on.
#include "app.h"
#include "data_check.h"
#include "data_decode.h"
#include "data_encode.h"
#include "data_encode_text.h"
#include "data_info.h"
#include "data_pack.h"

int main(int argc, char** argv) {
  uvic::EncodeCommand encode;
  uvic::DecodeCommand decode;
  uvic::EncodeTextCommand encode_text;
  uvic::PackDataCommand pack;
  uvic::PackInfoCommand info;
  uvic::CheckCommand check;
  uvic::Commands commands("uvic-data");
  const auto add_options = [&](CLI::App& app) {
    app.require_subcommand(1);
    commands.add(app, "pack", "a data set into one file for training; the same command again goes on", pack);
    commands.add(app, "info", "what a pack holds", info);
    commands.add(app, "check", "what is wrong with a data set, and what training would do with it", check);
    commands.add(app, "encode", "pictures into an autoencoder's latents", encode);
    commands.add(app, "decode", "an autoencoder's latents into pictures", decode);
    commands.add(app, "encode-text", "captions into the states of a CLIP text encoder", encode_text);
  };
  return uvic::run_app("uvic-data", "Makes, converts and checks what is trained on.", argc, argv, add_options,
                       [&] { return commands.run(); });
}
