#include "data_pack.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <optional>

#include "core/config.h"
#include "core/device.h"
#include "core/errors.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/signals.h"
#include "core/text.h"
#include "data/find_kind.h"
#include "data/folder.h"
#include "data/open.h"
#include "encoders/autoencoder.h"
#include "encoders/text_encoder.h"
#include "encoders/text_states.h"
#include "io/output_path.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

// Those keys of the `data` section that say how files become images; the others are training's.
constexpr const char* kKeys[] = {"kind",       "captions", "crop_box", "background",
                                 "max_pixels", "on_error", "workers"};

at::ScalarType type_of(const std::string& name) {
  return name == "fp32" ? at::kFloat : at::kHalf;
}

PackEncoder moments_of(const LoadedAutoencoder& autoencoder, int64_t batch) {
  return {.space = autoencoder.space,
          .encode =
              [network = autoencoder.network](const at::Tensor& images) {
                const LatentMoments moments = network->encode(images);
                return std::pair(moments.mean, moments.std);
              },
          .batch = batch};
}

PackTextEncoder states_of(std::shared_ptr<const TextEncoder> encoder, const std::string& type) {
  return {.name = encoder->describe(),
          .sha256 = encoder->weights_sha256(),
          .tokens = encoder->length(),
          .dim = encoder->dim(),
          .dtype = type_of(type),
          .encode = [encoder](const std::vector<std::string>& texts) {
            return encoder->states(encoder->tokenizer()->rows(texts)).cpu();
          }};
}

PackTextEncoder looked_up(const std::string& file, const std::string& texts, const std::string& type) {
  const auto table = std::make_shared<const TextStates>(file, texts);
  log_info(table->describe());
  return {.name = fs::path(file).filename().string(),
          .sha256 = "",
          .tokens = table->tokens(),
          .dim = table->dim(),
          .dtype = type_of(type),
          .encode = [table](const std::vector<std::string>& all) { return table->states(table->rows(all)); }};
}

}  // namespace

void PackDataCommand::add_data_options(CLI::App& app) {
  for (const FieldView& field : fields_of(std::as_const(data))) {
    if (std::find(std::begin(kKeys), std::end(kKeys), field.key) == std::end(kKeys)) continue;
    std::string name = "--" + field.key;
    std::replace(name.begin(), name.end(), '_', '-');
    const std::string standard = field.key == "kind" ? "; unless given, by what is there" : "";
    app.add_option_function<std::string>(
           name,
           [this, key = field.key](const std::string& text) { assignments_.push_back(key + "=" + text); },
           c10::str(field.help, standard, " [", allowed_text(field), "]"))
        ->group("Keys of `data`");
  }
}

void PackDataCommand::add_to(CLI::App& app) {
  app.add_option("in", in, "the data set: as data.path, see --kind")->required();
  app.add_option("--out", out, "the pack to write, such as train.pack")->required();
  app.add_option("--image-size", image_size,
                 "what image files are prepared to: one number, or height,width; other kinds have their own")
      ->delimiter(',')
      ->expected(1)
      ->check(CLI::Range(int64_t{1}, int64_t{16384}));
  app.add_option("--channels", channels, "of image files: 3, or 1 for grey")
      ->check(CLI::IsMember({1, 3}))
      ->capture_default_str();
  app.add_flag("--held-out", held_out,
               "what such a set holds out: idx's t10k pair, cifar's test file, coco's val");
  app.add_option("--vae", vae, "keep latents of this AutoencoderKL in place of pixels: see encode")
      ->group("Latents");
  app.add_flag("--mirrored", mirrored,
               "keep the latents of the mirrored images as well, which data.random_flip asks for")
      ->group("Latents");
  app.add_option("--latents-type", latents_type, "their numbers: fp16 (unless given) or fp32")
      ->check(CLI::IsMember({"fp16", "fp32"}))
      ->group("Latents");
  app.add_option("--scaling-factor", scaling_factor,
                 "what training scales them by, instead of the autoencoder's own: 0.23010 in U-ViT's MS-COCO")
      ->check(CLI::PositiveNumber)
      ->needs("--vae")
      ->group("Latents");
  app.add_option("--batch-size", batch_size, "images encoded at a time")
      ->check(CLI::Range(int64_t{1}, int64_t{4096}))
      ->needs("--vae")
      ->capture_default_str()
      ->group("Latents");
  app.add_option("--precision", precision, "of encoding: fp32 or bf16")
      ->check(CLI::IsMember(Choice<Precision>(Precision::kFp32).names()))
      ->needs("--vae")
      ->capture_default_str()
      ->group("Latents");
  app.add_option("--tokenizer", tokenizer,
                 "keep captions as token ids, too: bytes, a folder with vocab.json and merges.txt, a "
                 "SentencePiece model")
      ->group("Captions");
  app.add_option("--caption-length", caption_length, "token ids of a caption: as model.num_clip_token")
      ->check(CLI::Range(int64_t{1}, int64_t{65536}))
      ->group("Captions");
  app.add_option(
         "--text-encoder", text_encoder,
         "keep token ids of this encoder's tokenizer, or that of --tokenizer: see encode-text; or, with "
         "--states, a .npy of states [texts, tokens, dim] that another one (T5, say) has made of the texts "
         "that --tokenizer names, with X_mask.npy beside X.npy if not all are of tokens")
      ->group("Captions");
  app.add_flag("--states", states,
               "keep the encoder's states as well: about 100 kB a caption in fp16, for CLIP")
      ->needs("--text-encoder")
      ->group("Captions");
  app.add_option("--states-type", states_type, "their numbers: fp16 or fp32")
      ->check(CLI::IsMember({"fp16", "fp32"}))
      ->capture_default_str()
      ->needs("--states")
      ->group("Captions");
  add_data_options(app);
  common.add_to(app);
}

void PackDataCommand::check() const {
  check_output_file("--out", out);
  check_usage(data.kind != DataKind::kPack, in, ": is a pack already");
  check_usage(!is_of_files(data.kind) || !image_size.empty(),
              "--image-size: must say what the images are prepared to; ", in, " is of kind ", data.kind);
  check_usage(image_size.size() <= 2, "--image-size: must be one number, or height,width");
  check_usage(tokenizer.empty() || !text_encoder.empty() || caption_length > 0,
              "--caption-length: must say how many tokens a caption has (model.num_clip_token)");
  check_usage(caption_length == 0 || (!tokenizer.empty() && text_encoder.empty()),
              "--caption-length: goes with --tokenizer; a text encoder has its own");
}

std::shared_ptr<const Dataset> PackDataCommand::open(BadFiles& bad) {
  data.path = in;
  if (held_out) data.val_path = in;
  data.cache = CacheUse::kNever;  // each image is read once
  data.random_flip = RandomFlip::kFalse;
  const int64_t H = image_size.empty() ? 0 : image_size[0], W = image_size.empty() ? 0 : image_size.back();
  const DataSets sets = open_data(data, {channels, H, W}, {}, bad);
  auto dataset = held_out ? sets.validation : sets.train;
  const auto shape = dataset->image_shape();
  check_usage(image_size.empty() || (shape[1] == H && shape[2] == W), "--image-size: ", in, " holds images ",
              shape_text(shape), ", which are packed as they are");
  return dataset;
}

PackOptions PackDataCommand::options(const Dataset& dataset, c10::Device device) const {
  DataOptions standard;
  standard.kind = data.kind;
  PackOptions options{
      .source = c10::str(data.kind, " ", in, held_out ? ", held out" : ""),
      .mirror_by_default = standard.flips_by_data() ? dataset.mirror_by_default() : standard.flips(),
      .latents_dtype = type_of(latents_type),
      .mirrored = mirrored,
      .workers = data.workers};
  check_usage(latents_type.empty() || !vae.empty() || dataset.latents(), "--latents-type: goes with --vae; ",
              in, " holds images");
  if (!vae.empty()) {
    const LoadedAutoencoder autoencoder = load_autoencoder(
        vae, {.device = device, .precision = Choice<Precision>(precision), .scaling_factor = scaling_factor});
    const int64_t channels = autoencoder.network->options().in_channels, own = dataset.image_shape()[0];
    check_usage(channels == own, "--vae: ", vae, " takes images of ", channels, " channels, these have ",
                own);
    options.encoder = moments_of(autoencoder, batch_size);
  }
  if (TextStates::are_in(text_encoder)) {
    check_usage(states && !tokenizer.empty(), "--text-encoder: ", text_encoder,
                " holds states: give --states, and --tokenizer with the file of the texts that they are of");
    options.text_encoder = looked_up(text_encoder, tokenizer, states_type);
  } else if (!text_encoder.empty()) {
    const auto encoder = load_text_encoder(text_encoder, tokenizer, device);
    options.tokenizer = encoder->tokenizer();
    if (states) options.text_encoder = states_of(encoder, states_type);
  } else if (!tokenizer.empty()) {
    options.tokenizer = std::make_shared<CaptionTokenizer>(open_tokenizer(tokenizer), caption_length);
  }
  return options;
}

int PackDataCommand::run() {
  const c10::Device device = common.apply();
  for (const std::string& assignment : assignments_) set_field(fields_of(data), assignment);
  const auto names_kind = [](const std::string& text) { return text.starts_with("kind="); };
  if (std::none_of(assignments_.begin(), assignments_.end(), names_kind)) data.kind = find_kind(in);
  data.validate();
  check();
  BadFiles bad(data.on_error, "--on-error skip", out + ".bad-files.txt");
  const auto dataset = open(bad);
  log_info("packing ", count_of(uint64_t(dataset->size()), "image"), " of ", data.kind, " ", in);
  const PackOptions packing = options(*dataset, device);
  install_signal_handlers();
  std::optional<ProgressBar> bar;
  const PackReport report = pack_images(
      *dataset, out, packing, bad,
      [&](int64_t done) {
        if (!bar) bar.emplace("packing", "images", dataset->size(), done);
        bar->update(done);
      },
      [] { return received_signal() != 0; });
  bar.reset();
  bad.tell();
  if (report.stopped)
    return interrupted(c10::str(count_of(uint64_t(report.images), "image"), " of ", dataset->size(),
                                " are in ", out, ".part; the same command goes on")),
           kInterrupted;
  if (report.cut > 0) log_info(packing.tokenizer->cut_text(report.cut));
  log_info(report.was_whole ? "there already: " : "wrote ", out, ": ",
           count_of(uint64_t(report.images), "image"), ", ", count_of(uint64_t(report.captions), "caption"),
           ", ", format_bytes(double(report.bytes)));
  return kDone;
}

}  // namespace uvic
