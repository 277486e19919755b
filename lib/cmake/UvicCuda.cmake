# UVIC_CUDA=AUTO builds the CUDA kernels where both a CUDA compiler and a GPU are, so that nobody else waits for nvcc; ON
# wherever there is a compiler (the result also runs on a machine without a GPU); OFF nowhere. Sets UVIC_WITH_CUDA,
# UVIC_CUDA_VERSION and UVIC_CUDA_STATUS, and adds LibTorch's CUDA libraries to uvic::torch.
#
# A wheel installed with --no-deps links but does not start: it lacks cuBLAS and others. `.ci/cuda-setup` makes a whole one.

if(NOT UVIC_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "UVIC_CUDA is '${UVIC_CUDA}'; it must be AUTO, ON or OFF")
endif()
set(UVIC_WITH_CUDA OFF)
set(UVIC_CUDA_VERSION "not built")
set(UVIC_CUDA_STATUS "off (UVIC_CUDA=${UVIC_CUDA})")
file(GLOB _gpus /dev/nvidia[0-9]* /dev/dxg)
if(UVIC_CUDA STREQUAL "AUTO" AND NOT _gpus)
  set(UVIC_CUDA_STATUS "off (no GPU here; UVIC_CUDA=ON builds for one all the same)")
elseif(NOT UVIC_CUDA STREQUAL "OFF")
  # CMake wants an architecture before it tries the compiler; the kernels name their own.
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 80)
  endif()
  include(CheckLanguage)
  check_language(CUDA)
  if(NOT CMAKE_CUDA_COMPILER)
    set(_missing "no CUDA compiler found; put nvcc on the PATH or set CUDACXX")
  elseif(NOT EXISTS ${UVIC_TORCH_LIBRARY_DIR}/libtorch_cuda.so)
    set(_missing "${UVIC_TORCH_ROOT} is LibTorch without CUDA")
  else()
    execute_process(COMMAND ldd ${UVIC_TORCH_LIBRARY_DIR}/libtorch_cuda.so OUTPUT_VARIABLE _needed)
    string(REGEX MATCHALL "lib[^ ]+ => not found" _absent "${_needed}")
    if(_absent)
      string(REPLACE " => not found" "" _absent "${_absent}")
      list(JOIN _absent ", " _absent)
      set(_missing "${UVIC_TORCH_ROOT} lacks CUDA libraries (${_absent}); .ci/cuda-setup installs a whole LibTorch")
    else()
      set(UVIC_WITH_CUDA ON)
    endif()
  endif()
  if(NOT UVIC_WITH_CUDA AND UVIC_CUDA STREQUAL "ON")
    message(FATAL_ERROR "UVIC_CUDA=ON: ${_missing}")
  elseif(NOT UVIC_WITH_CUDA)
    set(UVIC_CUDA_STATUS "off (${_missing})")
  endif()
endif()

if(UVIC_WITH_CUDA)
  enable_language(CUDA)
  # One runtime a process: the one that libtorch_cuda.so uses.
  set(CMAKE_CUDA_RUNTIME_LIBRARY Shared)
  file(GLOB _cudart ${UVIC_TORCH_ROOT}/../nvidia/cu*/lib/libcudart.so.* ${UVIC_TORCH_LIBRARY_DIR}/libcudart*.so*)
  if(NOT _cudart)
    find_library(_cudart cudart HINTS ${CMAKE_CUDA_IMPLICIT_LINK_DIRECTORIES} REQUIRED)
  endif()
  list(GET _cudart 0 _cudart)
  cmake_path(GET _cudart PARENT_PATH UVIC_CUDA_RUNTIME_PATH)
  string(PREPEND UVIC_CUDA_RUNTIME_PATH ";")  # appended to an installed library's run path
  target_include_directories(uvic_torch SYSTEM INTERFACE $<BUILD_INTERFACE:${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES}>)
  # libtorch_cuda.so registers its operators when loaded and no symbol of it is used here: as-needed would drop it.
  target_link_libraries(uvic_torch INTERFACE
    $<BUILD_INTERFACE:-Wl,--push-state,--no-as-needed ${UVIC_TORCH_LIBRARY_DIR}/libtorch_cuda.so -Wl,--pop-state>
    $<BUILD_INTERFACE:${UVIC_TORCH_LIBRARY_DIR}/libc10_cuda.so> $<BUILD_INTERFACE:${_cudart}>)
  # The CUDA libraries are several GB: an installed tree uses LibTorch where it is.
  set(UVIC_BUNDLE_LIBTORCH OFF CACHE BOOL "" FORCE)
  set(UVIC_CUDA_VERSION ${CMAKE_CUDA_COMPILER_VERSION})
  set(UVIC_CUDA_STATUS "${CMAKE_CUDA_COMPILER_VERSION}, ${CMAKE_CUDA_COMPILER}")
endif()
