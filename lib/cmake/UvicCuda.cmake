# The CUDA kernels are not written yet, so every value means OFF; ON says so.
if(UVIC_CUDA STREQUAL "ON")
  message(WARNING "UVIC_CUDA=ON: this version has no CUDA kernels; building for the CPU")
elseif(NOT UVIC_CUDA MATCHES "^(AUTO|OFF)$")
  message(FATAL_ERROR "UVIC_CUDA is '${UVIC_CUDA}'; it must be AUTO, ON or OFF")
endif()
set(UVIC_CUDA_STATUS "off (no CUDA kernels in this version)")
