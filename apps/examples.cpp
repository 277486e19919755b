#include "examples.h"

#include <map>

namespace uvic {
namespace {

// In turn: what the later ones read, the earlier ones write.
const std::map<std::string, std::vector<Example>> kExamples = {
    {"uvic-train",
     {{"three minutes on Fashion-MNIST; the same command again resumes",
       "uvic-train --config configs/fashion_mnist_demo.yaml --out runs/x"},
      {"what it would need, with nothing run",
       "uvic-train --config configs/fashion_mnist_demo.yaml --out runs/x --dry-run"},
      {"another attention, any other key",
       "uvic-train --config configs/fashion_mnist_demo.yaml --set model.attention=softmax --out "
       "runs/softmax"},
      {"go on from weights, at another learning rate",
       "uvic-train --config runs/x/config.yaml --init-from runs/x --set optimizer.lr=1e-4 --out runs/y"}}},
    {"uvic-sample",
     {{"a grid, one class a row",
       "uvic-sample --checkpoint runs/x --class-per-row --grid 10x10 --out grid.png"},
      {"chosen images of one class, a file each",
       "uvic-sample --checkpoint runs/x --seeds 5,6,1007 --class 3 --images some/"},
      {"another solver, as numbers",
       "uvic-sample --checkpoint runs/x --solver dpmpp_2m --steps 20 --cfg 2 --raw some.npy"}}},
    {"uvic-fid",
     {{"images in bulk", "uvic-fid dump --checkpoint runs/x --num 10000 --out dump.zip"},
      {"how far they are from a folder of real ones",
       "uvic-fid score dump.zip photos/ --features inception-2015-12-05.pt"}}},
    {"uvic-fid dump",
     {{"a ZIP of PNGs named by seed", "uvic-fid dump --checkpoint runs/x --num 10000 --out dump.zip"},
      {"half of them, the other half elsewhere",
       "uvic-fid dump --checkpoint runs/x --num 10000 --shard 0/2 --out part0.zip"}}},
    {"uvic-fid merge", {{"two shards into one", "uvic-fid merge dump.zip part0.zip part1.zip"}}},
    {"uvic-fid verify", {{"is all there, is it what it says", "uvic-fid verify dump.zip --count 8"}}},
    {"uvic-fid stats",
     {{"of a folder of images",
       "uvic-fid stats photos/ --features inception-2015-12-05.pt --out photos.npz"}}},
    {"uvic-fid score",
     {{"two sets of images", "uvic-fid score dump.zip photos/ --features inception-2015-12-05.pt"},
      {"FID alone, for a program",
       "uvic-fid score dump.zip photos.npz --features inception-2015-12-05.pt --metrics fid --json"}}},
    {"uvic-convert",
     {{"a run's average, half the size", "uvic-convert runs/x weights.safetensors --dtype fp16"},
      {"for Python's torch.load", "uvic-convert runs/x weights.pth --weights raw"}}},
    {"uvic-data",
     {{"what is wrong with a folder of images", "uvic-data check photos/"},
      {"one file to train on", "uvic-data pack photos/ --image-size 64 --out photos.pack"},
      {"what is in it", "uvic-data info photos.pack --sheet sheet.png"}}},
    {"uvic-data pack",
     {{"images of 64 x 64", "uvic-data pack photos/ --image-size 64 --out photos.pack"},
      {"their latents, mirrored ones too",
       "uvic-data pack photos/ --image-size 256 --vae stable-diffusion/vae --mirrored --out latents.pack"}}},
    {"uvic-data info", {{"with some of its images", "uvic-data info photos.pack --sheet sheet.png"}}},
    {"uvic-data check", {{"all findings in a file", "uvic-data check photos/ --json findings.json"}}},
    {"uvic-data encode",
     {{"", "uvic-data encode photos/ --image-size 256 --vae stable-diffusion/vae --out latents.npy"}}},
    {"uvic-data decode", {{"", "uvic-data decode latents.npy --vae stable-diffusion/vae --out pictures/"}}},
    {"uvic-data encode-text",
     {{"",
       "uvic-data encode-text --text-encoder stable-diffusion/ --captions captions.txt --out states.npy"}}},
    {"uvic-lm",
     {{"text into tokens", "uvic-lm pack kjv.txt --out kjv.tokens"},
      {"a small model of them",
       "uvic-lm train --config configs/kjv_lm_demo.yaml --set data.path=kjv.tokens --out runs/lm"},
      {"what it writes", "uvic-lm generate --checkpoint runs/lm --prompt 'And God said'"}}},
    {"uvic-lm pack",
     {{"of bytes", "uvic-lm pack kjv.txt --out kjv.tokens"},
      {"of pieces of words",
       "uvic-lm pack corpus/ more.jsonl --tokenizer llama/tokenizer.model --out corpus.tokens"}}},
    {"uvic-lm info", {{"", "uvic-lm info kjv.tokens --check"}}},
    {"uvic-lm train",
     {{"the same command again resumes",
       "uvic-lm train --config configs/kjv_lm_demo.yaml --set data.path=kjv.tokens --out runs/lm"}}},
    {"uvic-lm generate",
     {{"four texts",
       "uvic-lm generate --checkpoint runs/lm --prompt 'And God said' --seeds 0-3 --top-p 0.95"}}},
    {"uvic-lm eval",
     {{"bits per byte of what was held out", "uvic-lm eval --checkpoint runs/lm --tokens kjv.tokens"}}},
    {"uvic-lm probe",
     {{"against the same network with softmax",
       "uvic-lm probe --checkpoint runs/lm --against runs/softmax --plot collapse.png"}}},
    {"uvic-lm convert",
     {{"as Python's transformers load it",
       "uvic-lm convert --checkpoint runs/lm --layout transformers --out llama/"}}},
    {"uvic-inspect",
     {{"measures of attention over the training images", "uvic-inspect --checkpoint runs/x"},
      {"as numbers and pictures",
       "uvic-inspect --checkpoint runs/x --json attention.json --pictures attention/"}}},
    {"uvic-report",
     {{"a page on one run", "uvic-report runs/x"},
      {"while it goes on", "uvic-report runs/x --watch 30"},
      {"several laid over each other", "uvic-report --compare runs/x runs/softmax --out compare.html"}}},
};

}  // namespace

std::vector<Example> examples_of(const std::string& program) {
  const auto found = kExamples.find(program);
  return found == kExamples.end() ? std::vector<Example>{} : found->second;
}

}  // namespace uvic
