# A thin door to CMake's presets: `make demo` and `make test` set up what is missing and go.
.PHONY: demo demo-text demo-lm compare compare-lm compare-peer quality bench test sanitize asan tsan fuzz long-run busy-machine setup configure apps build cuda cuda-objects gpu-check format format-check clean
PRESET ?= release
BUILD := build/$(PRESET)
CMAKE := .venv/bin/cmake
export PATH := $(CURDIR)/.venv/bin:$(PATH)

demo: configure
	@$(CMAKE) --build --preset $(PRESET) --target uvic-train uvic-sample
	$(BUILD)/bin/uvic-train --config configs/fashion_mnist_demo.yaml --out runs/demo
	$(BUILD)/bin/uvic-sample --checkpoint runs/demo --class-per-row --grid 10x10 --out runs/demo/grid.png
	$(BUILD)/bin/uvic-sample --checkpoint assets/fashion_mnist_cog.safetensors --class-per-row --grid 10x10 \
	  --out runs/demo/shipped_grid.png
	@echo "The grid of three minutes' training, one class a row: $(CURDIR)/runs/demo/grid.png"
	@echo "The same from the weights that ship:                  $(CURDIR)/runs/demo/shipped_grid.png"

# Text to image: the captioned emoji of a Debian package into a pack, training (over an hour on two cores, which resumes if it is
# broken off), the README's prompts as a grid, and what share of prompts seen and unseen is drawn right.
TEXT := runs/demo-text
demo-text: apps
	@.ci/setup ruby-gemojione
	@$(CMAKE) --build --preset $(PRESET) --target emoji_set emoji_judge
	@mkdir -p $(TEXT)
	test -s $(TEXT)/emoji32.pack || { $(BUILD)/bin/emoji_set $(TEXT)/emoji && $(BUILD)/bin/uvic-data pack $(TEXT)/emoji/train \
	  --image-size 32 --tokenizer assets/caption_bpe --caption-length 16 --out $(TEXT)/emoji32.pack; }
	$(BUILD)/bin/uvic-train --config configs/emoji_text_demo.yaml --out $(TEXT)/run
	$(BUILD)/bin/uvic-sample --checkpoint $(TEXT)/run --prompts assets/emoji_prompts.txt --grid 5x8 --out $(TEXT)/grid.png
	for prompts in flags tones shapes; do $(BUILD)/bin/uvic-fid dump --checkpoint $(TEXT)/run \
	  --prompts $(TEXT)/emoji/$$prompts.txt --out $(TEXT)/dump-$$prompts || exit; done
	$(BUILD)/bin/emoji_judge $(TEXT)/dump-flags $(TEXT)/dump-tones $(TEXT)/dump-shapes

# A language model of bytes: the King James Bible, three minutes of training, a sample.
demo-lm: apps
	@mkdir -p runs/demo-lm
	test -s runs/demo-lm/kjv.tokens || (bible gen1:1-rev22:21 >runs/demo-lm/kjv.txt && \
	  $(BUILD)/bin/uvic-lm pack runs/demo-lm/kjv.txt --out runs/demo-lm/kjv.tokens)
	$(BUILD)/bin/uvic-lm train --config configs/kjv_lm_demo.yaml --out runs/demo-lm/cog
	$(BUILD)/bin/uvic-lm eval --checkpoint runs/demo-lm/cog --tokens runs/demo-lm/kjv.tokens
	$(BUILD)/bin/uvic-lm generate --checkpoint runs/demo-lm/cog --prompt "And God said" --seed 1 --echo

# Cog against softmax at the demo's budget, three seeds each, bits a byte of the held-out tenth.
compare-lm: demo-lm
	.ci/compare-lm $(BUILD)/bin

# The quality table of the README: an hour of training or more, which resumes if it is broken off.
quality: demo
	@$(CMAKE) --build --preset $(PRESET) --target judge uvic-fid
	$(BUILD)/bin/uvic-train --config configs/fashion_mnist.yaml --out runs/cog
	$(BUILD)/bin/uvic-train --config configs/fashion_mnist.yaml --set model.attention=softmax --out runs/softmax
	$(BUILD)/bin/uvic-train --config configs/fashion_mnist_demo.yaml --set model.attention=softmax --out runs/demo_softmax
	for run in cog softmax demo demo_softmax; do $(BUILD)/bin/uvic-fid dump --checkpoint runs/$$run --num 1000 --out runs/$$run/dump; done
	$(BUILD)/bin/judge runs/cog/dump runs/softmax/dump runs/demo/dump runs/demo_softmax/dump --real

# Kinds of attention at the demo's budget, three seeds each: the table of the README, with the loss on the test images and the
# Frechet distance of the judge's features. It goes on where it is broken off.
KINDS ?= cog,softmax,softmax1,sigmoid,cog_sum1
compare: apps
	@$(CMAKE) --build --preset $(PRESET) --target judge
	@mkdir -p runs
	$(BUILD)/bin/judge --script runs/judge.pt
	test -s runs/judge.npz || $(BUILD)/bin/uvic-fid stats --config configs/fashion_mnist_demo.yaml --features runs/judge.pt --out runs/judge.npz
	$(BUILD)/bin/uvic-train --config configs/fashion_mnist_demo.yaml --ab model.attention=$(KINDS) --seeds 0-2 --out runs/compare \
	  --set data.val_path=/usr/share/datasets/fashion-mnist --eval-interval 720 --eval-images 1000 \
	  --eval-features runs/judge.pt --eval-stats runs/judge.npz --sample-interval 0

# Is training here as good as the same recipe in plain PyTorch? Half an hour.
compare-peer: configure
	@$(CMAKE) --build --preset $(PRESET) --target uvic-train uvic-fid judge
	.ci/compare-peer $(BUILD)/bin

# What attention and whole networks cost beside PyTorch's, in turn: the tables of the README. Half an hour.
bench: configure
	@$(CMAKE) --build --preset $(PRESET) --target bench_attention bench_model
	.ci/bench $(BUILD)/bin

test: build
	$(CMAKE) -E chdir $(BUILD) ctest --output-on-failure

# AddressSanitizer and UBSan over the rooms that read strangers' bytes.
asan sanitize: setup
	@$(CMAKE) --preset asan --log-level=NOTICE
	@$(CMAKE) --build --preset asan --target test_core test_io test_data test_fuzz
	.venv/bin/ctest --preset asan --no-tests=error -R '^(core|io|data|fuzz)'

# ThreadSanitizer over what works in threads. With one thread LibTorch starts none of its own: its OpenMP is not instrumented, so
# that every barrier of it would look like a race. One test is left out, which has 20 s and takes a minute here.
TSAN_RUN = OMP_NUM_THREADS=1 TSAN_OPTIONS=halt_on_error=1:suppressions=tests/tsan.supp build/tsan/bin
tsan: setup
	@$(CMAKE) --preset tsan --log-level=NOTICE
	@$(CMAKE) --build --preset tsan --target test_core test_data test_sampling
	$(TSAN_RUN)/test_core --gtest_filter='Prefetch.*'
	$(TSAN_RUN)/test_data --gtest_filter='Loader.*:Cache.*:ImageHeaders.*:Pack.*:CheckSet.*-Loader.DestructionDoesNotWaitForTheSteps'
	$(TSAN_RUN)/test_sampling --gtest_filter='EncodeQueue.*:Dump*'

# libFuzzer over each target of tests/fuzz for so long; what it finds lies in build/fuzz/found, and the first finding is the end.
FUZZ_SECONDS ?= 600
fuzz:
	@.ci/fuzz $(FUZZ_SECONDS)

# Does a training of 20,000 steps use up memory or files?
long-run: configure
	@$(CMAKE) --build --preset $(PRESET) --target long_run uvic-train
	$(BUILD)/bin/long_run

# What other programs on the same cores cost a training.
busy-machine: apps
	.ci/busy-machine $(BUILD)/bin

setup:
	@.ci/setup

configure: setup
	@$(CMAKE) --preset $(PRESET) --log-level=NOTICE

apps: configure
	@$(CMAKE) --build --preset $(PRESET) --target uvic-train uvic-sample uvic-fid uvic-convert uvic-data uvic-lm uvic-inspect uvic-report

build: configure
	@$(CMAKE) --build --preset $(PRESET)

# The CUDA kernels for sm_90, objects only; all that needs no GPU; what needs one. nvcc must be on the PATH.
cuda-objects: setup
	@.ci/cuda-objects

cuda:
	@.ci/cuda

gpu-check:
	@.ci/gpu-check

SOURCES = $(shell git ls-files -co --exclude-standard '*.h' '*.cpp' '*.cu' '*.cuh')
format:
	clang-format -i $(SOURCES)

format-check:
	clang-format --dry-run --Werror $(SOURCES)

clean:
	rm -rf build
