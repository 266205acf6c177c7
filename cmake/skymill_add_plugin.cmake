# SPDX-License-Identifier: GPL-3.0-or-later
# Installed with the package: how plugins are made, ours and others'.

# skymill_add_plugin(NAME SOURCES a.cpp ... [LIBRARIES lib ...])
#
# A module library with hidden symbols and none undefined, named NAME.so. SKYMILL_PLUGIN in one of
# its sources leaves the ABI tag by which `skymill` accepts or refuses it.
function(skymill_add_plugin NAME)
  cmake_parse_arguments(PLUGIN "" "" "SOURCES;LIBRARIES" ${ARGN})
  if(NOT PLUGIN_SOURCES)
    message(FATAL_ERROR "skymill_add_plugin(${NAME}) needs SOURCES")
  endif()
  add_library(${NAME} MODULE ${PLUGIN_SOURCES})
  target_compile_features(${NAME} PRIVATE cxx_std_20)
  target_link_libraries(${NAME} PRIVATE skymill::core ${PLUGIN_LIBRARIES})
  target_link_options(${NAME} PRIVATE -Wl,--no-undefined)
  set_target_properties(${NAME} PROPERTIES
    PREFIX "" CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
endfunction()
