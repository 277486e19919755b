#include "data_encode_text.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <optional>

#include "core/errors.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/signals.h"
#include "io/npy.h"
#include "io/npy_writer.h"
#include "io/output_path.h"
#include "text/text_list.h"

namespace uvic {

void EncodeTextCommand::add_to(CLI::App& app) {
  app.add_option(
         "--text-encoder", encoder,
         "CLIP's text encoder: a folder with config.json and weights, a folder that holds text_encoder/ "
         "and tokenizer/, a weights file, or a whole Stable Diffusion checkpoint")
      ->required();
  app.add_option(
      "--tokenizer", tokenizer,
      "a folder with vocab.json and merges.txt, or bpe_simple_vocab_16e6.txt.gz; unless given, what "
      "lies beside the encoder");
  app.add_option("--captions", captions, "a file with a caption a line, or a JSON list of them")->required();
  app.add_option("--out", out, "the states, float32 [captions, tokens, width], as .npy");
  app.add_option("--tokens-out", tokens_out, "the token ids, int64 [captions, tokens], as .npy");
  app.add_option("--batch-size", batch_size, "captions at a time")
      ->check(CLI::Range(int64_t{1}, int64_t{65536}))
      ->capture_default_str();
  app.add_option("--precision", precision, "of the matrix products: fp32 or bf16")
      ->check(CLI::IsMember(Choice(Precision::kFp32).names()))
      ->capture_default_str();
  app.add_option(
         "--layer", layer,
         "whose states, each after the last norm: of the last block, of the one before (penultimate), or "
         "auto: the last, save for Stable Diffusion 2's encoder inside a checkpoint")
      ->check(CLI::IsMember(Choice(EncoderLayer::kAuto).names()))
      ->capture_default_str();
  app.add_option("--heads", options.heads, "attention heads, where no config.json says them; else width / 64")
      ->check(CLI::Range(int64_t{1}, int64_t{1024}));
  app.add_option("--activation", options.activation,
                 "quick_gelu (OpenAI's models) or gelu (open_clip's), where no config.json says it")
      ->check(CLI::IsMember(Choice(ClipActivation::kGelu).names()));
  common.add_to(app);
}

int EncodeTextCommand::run() {
  const c10::Device device = common.apply();
  check_usage(!out.empty() || !tokens_out.empty(), "--out, --tokens-out: give at least one of them");
  if (!out.empty()) check_output_file("--out", out, {".npy"});
  if (!tokens_out.empty()) check_output_file("--tokens-out", tokens_out, {".npy"});
  check_usage(out != tokens_out, "--out, --tokens-out: are the same file");
  options.precision = Choice<Precision>(precision);
  options.layer = layer;
  const auto texts = read_text_list(captions, captions);
  const auto model = load_text_encoder(encoder, tokenizer, device, options);
  log_info(encoder, ": ", model->describe());
  int64_t cut = 0;
  const at::Tensor ids = model->tokenizer()->rows(texts, &cut);
  if (cut > 0) log_info(model->tokenizer()->cut_text(cut));
  if (!out.empty()) {
    install_signal_handlers();
    const int64_t n = ids.size(0);
    NpyWriter writer(out, {n, model->length(), model->dim()});
    ProgressBar bar("encoding", "captions", n);
    for (int64_t at = 0; at < n; at += batch_size) {
      writer.append(model->states(ids.slice(0, at, at + batch_size)).to(at::kCPU));
      bar.update(std::min(at + batch_size, n));
      if (interrupted("nothing was written")) return kInterrupted;
    }
    bar.finish();
    writer.finish();
    log_info("wrote ", out, ": [", n, ", ", model->length(), ", ", model->dim(), "]");
  }
  if (!tokens_out.empty()) {
    save_npy(tokens_out, ids);
    log_info("wrote ", tokens_out, ": ", ids.sizes());
  }
  return kDone;
}

}  // namespace uvic
