# Helpers that give every target of ours the same warnings, flags, include roots and precompiled header.

find_program(UVIC_CCACHE ccache)
if(UVIC_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # pch_defines, time_macros: without them ccache declines every unit that uses a precompiled header. BASEDIR, NOHASHDIR: what
  # one clone compiled serves another, which has the same LibTorch in another folder.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=true ${UVIC_CCACHE})
endif()

find_package(OpenMP REQUIRED COMPONENTS CXX)

# Flags common to all; equal everywhere, as one precompiled header serves all targets.
add_library(uvic_flags INTERFACE)
target_compile_options(uvic_flags INTERFACE
  -Wall -Wextra $<$<BOOL:${UVIC_WERROR}>:-Werror> -Wnon-virtual-dtor -Woverloaded-virtual -fPIC -fvisibility-inlines-hidden
  -Winvalid-pch ${OpenMP_CXX_FLAGS})
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # -fpch-preprocess: for ccache. The warnings are false alarms of g++ 12 on `"literal" + std::string` (GCC PR 105651).
  target_compile_options(uvic_flags INTERFACE -fpch-preprocess
                         -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
endif()
if(UVIC_SANITIZE)
  target_compile_options(uvic_flags INTERFACE -fsanitize=${UVIC_SANITIZE} -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(uvic_flags INTERFACE -fsanitize=${UVIC_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # A false alarm of g++ 12 on std::regex where it instruments (GCC PR 105562).
    target_compile_options(uvic_flags INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()
if(UVIC_FUZZ)
  # Counters for libFuzzer in every unit; its main is linked to the targets alone.
  target_compile_options(uvic_flags INTERFACE -fsanitize=fuzzer-no-link,float-cast-overflow -fno-sanitize-recover=all)
endif()
target_include_directories(uvic_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/lib)
target_link_libraries(uvic_flags INTERFACE uvic::torch ${OpenMP_CXX_FLAGS})

# A LibTorch unit takes 20-30 s without a precompiled header; why there are three: lib/core/pch_tensor.h. In quotes, as CMake
# would else write this clone's path into the header, and ccache serve no other clone.
foreach(pch tensor aten nn)
  add_library(uvic_pch_${pch} OBJECT EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/lib/core/pch.cpp)
  target_link_libraries(uvic_pch_${pch} PRIVATE uvic_flags)
  target_precompile_headers(uvic_pch_${pch} PRIVATE "\"core/pch_${pch}.h\"")
endforeach()

# Tests begin with GoogleTest and JSON beside those, and are not optimised: what they look at is, and half of a unit's time goes
# into the optimiser.
function(uvic_test_precompiled_headers)
  foreach(pch aten nn)
    add_library(uvic_pch_test_${pch} OBJECT ${PROJECT_SOURCE_DIR}/lib/core/pch.cpp)
    target_compile_options(uvic_pch_test_${pch} PRIVATE -O0)
    target_link_libraries(uvic_pch_test_${pch} PRIVATE uvic_flags GTest::gtest nlohmann_json::nlohmann_json)
    target_precompile_headers(uvic_pch_test_${pch} PRIVATE "\"core/pch_${pch}.h\"" <gtest/gtest.h>
                              <nlohmann/json.hpp>)
  endforeach()
endfunction()

# For who builds once: sixteen files of a room or a program as one unit, so that what their headers instantiate is compiled once, and
# no more optimised than is of use: -O1 in a room where nothing loops over bytes, pixels or numbers itself takes a quarter less, and
# -O0 in the programs, which read their command line and call the rooms, a third. Who develops has single units, as a touched file is
# then all that is compiled again.
option(UVIC_UNITY "Compile the files of a room, or of a program, in batches" OFF)
function(uvic_batches target)
  if(UVIC_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 16)
    target_compile_options(${target} PRIVATE ${ARGN})
  endif()
endfunction()

# Which precompiled header a target's units begin with; aten if none is said.
function(uvic_precompiled target pch)
  if(NOT pch)
    set(pch aten)
  endif()
  target_precompile_headers(${target} REUSE_FROM uvic_pch_${pch})
endfunction()

# uvic_room(<name> SOURCES ... [LOOPS] [APART] [PCH tensor|aten|nn] [ROOMS lower rooms ...] [LIBRARIES outside libraries ...])
# -> target uvic_<name>. LOOPS: of its own over many bytes, pixels or numbers, see uvic_batches. APART: not in the library `uvic`,
# but in the program that names it among its LIBRARIES, so that who builds the others need not wait for it.
function(uvic_room name)
  cmake_parse_arguments(arg "LOOPS;APART" "PCH" "SOURCES;ROOMS;LIBRARIES" ${ARGN})
  add_library(uvic_${name} OBJECT ${arg_SOURCES})
  target_link_libraries(uvic_${name} PRIVATE uvic_flags ${arg_LIBRARIES})
  foreach(room IN LISTS arg_ROOMS)
    target_link_libraries(uvic_${name} PUBLIC uvic_${room})
  endforeach()
  # To precompile the headers of networks takes 28 s of a core, to read them beside aten's 3 s a unit, of which batches leave three.
  if(UVIC_UNITY AND arg_PCH STREQUAL nn)
    set(arg_PCH aten)
  endif()
  uvic_precompiled(uvic_${name} "${arg_PCH}")
  if(arg_LOOPS)
    uvic_batches(uvic_${name})
  else()
    uvic_batches(uvic_${name} -O1)
  endif()
  if(NOT arg_APART)
    set_property(GLOBAL APPEND PROPERTY UVIC_ROOMS uvic_${name})
    set_property(GLOBAL APPEND PROPERTY UVIC_ROOM_LIBRARIES ${arg_LIBRARIES})
  endif()
endfunction()

# uvic_executable(<name> SOURCES ... [PCH tensor|aten|nn] [ROOMS rooms ...] [LIBRARIES ...]): of all rooms, or of those named
# alone.
function(uvic_executable name)
  cmake_parse_arguments(arg "" "PCH" "SOURCES;ROOMS;LIBRARIES" ${ARGN})
  set(rooms uvic)
  if(arg_ROOMS)
    list(TRANSFORM arg_ROOMS PREPEND uvic_ OUTPUT_VARIABLE rooms)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE uvic_flags ${rooms} ${arg_LIBRARIES})
  uvic_precompiled(${name} "${arg_PCH}")
endfunction()
