// Gives each precompiled header a target to belong to; see lib/cmake/UvicTargets.cmake.
