# Defines uvic::torch, LibTorch's CPU libraries, from the PyPI wheel or a downloaded LibTorch (both have the same
# layout: include/, lib/). find_package(Torch) is not used: from a CUDA wheel it is fatal without a CUDA toolkit.
#
# Looked for in: UVIC_TORCH_ROOT (cache or environment), CMAKE_PREFIX_PATH, <source>/.venv.

if(NOT UVIC_TORCH_ROOT AND DEFINED ENV{UVIC_TORCH_ROOT})
  set(UVIC_TORCH_ROOT $ENV{UVIC_TORCH_ROOT})
endif()
set(_version_h include/torch/headeronly/version.h)
if(NOT UVIC_TORCH_ROOT)
  file(GLOB _in_venv ${CMAKE_CURRENT_LIST_DIR}/../../.venv/lib/python3*/site-packages/torch)
  foreach(_root IN LISTS CMAKE_PREFIX_PATH _in_venv)
    if(NOT UVIC_TORCH_ROOT AND EXISTS ${_root}/${_version_h})
      set(UVIC_TORCH_ROOT ${_root})
    endif()
  endforeach()
endif()
if(NOT EXISTS "${UVIC_TORCH_ROOT}/${_version_h}")
  message(FATAL_ERROR "LibTorch 2.11 or newer not found. Run `make setup`, or pass -DUVIC_TORCH_ROOT=<a downloaded "
                      "libtorch, or the torch folder of a Python wheel> (it holds include/ and lib/).")
endif()
cmake_path(ABSOLUTE_PATH UVIC_TORCH_ROOT NORMALIZE)
set(UVIC_TORCH_ROOT ${UVIC_TORCH_ROOT} CACHE PATH "LibTorch: the folder with include/ and lib/")

file(STRINGS ${UVIC_TORCH_ROOT}/${_version_h} _version REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
string(REGEX REPLACE "[^0-9;]+" "" _version "${_version}")
string(REPLACE ";" "." UVIC_TORCH_VERSION "${_version}")
set(UVIC_TORCH_LIBRARY_DIR ${UVIC_TORCH_ROOT}/lib)

add_library(uvic_torch INTERFACE)
add_library(uvic::torch ALIAS uvic_torch)
target_include_directories(uvic_torch SYSTEM INTERFACE
  $<BUILD_INTERFACE:${UVIC_TORCH_ROOT}/include>
  $<BUILD_INTERFACE:${UVIC_TORCH_ROOT}/include/torch/csrc/api/include>)
target_link_libraries(uvic_torch INTERFACE
  $<BUILD_INTERFACE:${UVIC_TORCH_LIBRARY_DIR}/libtorch_cpu.so>
  $<BUILD_INTERFACE:${UVIC_TORCH_LIBRARY_DIR}/libc10.so>)
# The wheel's libtorch_cpu.so needs libcudart and libcupti of sibling packages; its own RUNPATH finds them.
target_link_options(uvic_torch INTERFACE
  $<BUILD_INTERFACE:-Wl,--allow-shlib-undefined>)
