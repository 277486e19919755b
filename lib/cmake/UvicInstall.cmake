# `cmake --install`: bin/, lib/ (LibTorch's libraries beside ours unless UVIC_BUNDLE_LIBTORCH is OFF), include/uvic/, configs,
# and a package for find_package(uvic).
include(CMakePackageConfigHelpers)

set(uvic_executables uvic-train uvic-sample uvic-fid uvic-convert uvic-data uvic-lm uvic-inspect uvic-report)
if(UVIC_BUNDLE_LIBTORCH)
  set(runtime_path "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  # What libtorch_cpu.so needs besides the system's own libraries: of LibTorch, and of the wheel's sibling packages.
  file(GLOB bundled
    ${UVIC_TORCH_LIBRARY_DIR}/libtorch_cpu.so ${UVIC_TORCH_LIBRARY_DIR}/libc10.so
    ${UVIC_TORCH_LIBRARY_DIR}/libgomp*.so* ${UVIC_TORCH_LIBRARY_DIR}/libcudart*.so*
    ${UVIC_TORCH_ROOT}/../nvidia/cu*/lib/libcudart.so* ${UVIC_TORCH_ROOT}/../nvidia/cu*/lib/libcupti.so*)
  install(PROGRAMS ${bundled} DESTINATION ${CMAKE_INSTALL_LIBDIR})
else()
  set(runtime_path "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}" ${UVIC_TORCH_LIBRARY_DIR})
endif()
set_target_properties(uvic PROPERTIES INSTALL_RPATH "$ORIGIN;${UVIC_TORCH_LIBRARY_DIR}${UVIC_CUDA_RUNTIME_PATH}")
install(TARGETS uvic EXPORT uvic LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(UVIC_APPS)
  set_target_properties(${uvic_executables} PROPERTIES INSTALL_RPATH "${runtime_path}")
  install(TARGETS uvic_sentencepiece LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  if(TARGET uvic_mpi)
    install(TARGETS uvic_mpi LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  endif()
  install(TARGETS ${uvic_executables} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  # Of a build of some programs alone there may be none.
  install(DIRECTORY ${PROJECT_BINARY_DIR}/share/ DESTINATION ${CMAKE_INSTALL_DATADIR} OPTIONAL)
endif()

target_include_directories(uvic INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/lib>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/uvic>)
install(DIRECTORY lib/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/uvic FILES_MATCHING PATTERN "*.h" PATTERN "cmake" EXCLUDE
        PATTERN "pch_*.h" EXCLUDE PATTERN "inspect" EXCLUDE PATTERN "report" EXCLUDE)  # rooms of one program, not of the library
install(DIRECTORY kernels DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/uvic FILES_MATCHING PATTERN "*.h")
install(DIRECTORY configs DESTINATION ${CMAKE_INSTALL_DATADIR}/uvic)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/uvic)
install(EXPORT uvic NAMESPACE uvic:: FILE uvicTargets.cmake DESTINATION ${package_dir})
configure_package_config_file(lib/cmake/uvicConfig.cmake.in ${PROJECT_BINARY_DIR}/uvicConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/uvicConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/uvicConfig.cmake ${PROJECT_BINARY_DIR}/uvicConfigVersion.cmake
              lib/cmake/UvicTorch.cmake DESTINATION ${package_dir})
