# A thin door to CMake's presets: `make demo` and `make test` set up what is missing and go.
.PHONY: demo test setup configure apps build cuda cuda-objects gpu-check format format-check clean
PRESET ?= release
BUILD := build/$(PRESET)
CMAKE := .venv/bin/cmake
export PATH := $(CURDIR)/.venv/bin:$(PATH)

demo: apps
	$(BUILD)/bin/uvic-train --config configs/fashion_mnist_demo.yaml --out runs/demo
	$(BUILD)/bin/uvic-sample --checkpoint runs/demo --class-per-row --grid 10x10 --out runs/demo/grid.png
	@echo "The grid, one class a row: $(CURDIR)/runs/demo/grid.png"

test: build
	$(CMAKE) -E chdir $(BUILD) ctest --output-on-failure

setup:
	@.ci/setup

configure: setup
	@$(CMAKE) --preset $(PRESET) --log-level=NOTICE

apps: configure
	@$(CMAKE) --build --preset $(PRESET) --target uvic-train uvic-sample uvic-fid

build: configure
	@$(CMAKE) --build --preset $(PRESET)

# The CUDA kernels for sm_90, objects only; all that needs no GPU; what needs one. nvcc must be on the PATH.
cuda-objects: setup
	@.ci/cuda-objects

cuda:
	@.ci/cuda

gpu-check:
	@.ci/gpu-check

SOURCES = $(shell git ls-files -co --exclude-standard '*.h' '*.cpp' '*.cuh')
format:
	clang-format -i $(SOURCES)

format-check:
	clang-format --dry-run --Werror $(SOURCES)

clean:
	rm -rf build
