# SPDX-License-Identifier: GPL-3.0-or-later
# What all our targets share: standard, warnings, sanitizers, and a build tree laid out like the
# install tree, so that the program finds its plugins in both without any variable.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Kind of build" FORCE)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(CMAKE_INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR};$ORIGIN;$ORIGIN/../..")

# Packages are cut by component; what plugin authors need says that it is of `dev`.
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME skymill)

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 sees overlaps in std::string (PR 105651) and unset members of std::variant that are none.
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized)
endif()
if(SKYMILL_SANITIZE)
  add_compile_options(-fsanitize=${SKYMILL_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${SKYMILL_SANITIZE})
endif()

# What the science's loops are compiled with. A debug build keeps the level it was asked for: its
# steps can be followed, and a sanitizer's checks of loops at -O3 take twice as long to compile.
set(SKYMILL_OPTIMIZED $<$<NOT:$<CONFIG:Debug>>:-O3>)

find_program(SKYMILL_CCACHE ccache)
if(SKYMILL_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${SKYMILL_CCACHE})
endif()
