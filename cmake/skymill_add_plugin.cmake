# SPDX-License-Identifier: GPL-3.0-or-later
# Installed with the package: how plugins are made, ours and others'.
set(SKYMILL_PLUGIN_TEST_MAIN "${CMAKE_CURRENT_LIST_DIR}/skymill_plugin_test_main.cpp")

# skymill_add_plugin(NAME SOURCES a.cpp ... [LIBRARIES lib ...])
#
# A module library with hidden symbols and none undefined, named NAME.so, whose symbols are all
# looked up when it is loaded. SKYMILL_PLUGIN in one of its sources leaves the ABI tag by which
# `skymill` accepts or refuses it.
function(skymill_add_plugin NAME)
  cmake_parse_arguments(PLUGIN "" "" "SOURCES;LIBRARIES" ${ARGN})
  if(NOT PLUGIN_SOURCES)
    message(FATAL_ERROR "skymill_add_plugin(${NAME}) needs SOURCES")
  endif()
  add_library(${NAME} MODULE ${PLUGIN_SOURCES})
  target_compile_features(${NAME} PRIVATE cxx_std_20)
  target_link_libraries(${NAME} PRIVATE skymill::core skymill::data ${PLUGIN_LIBRARIES})
  target_link_options(${NAME} PRIVATE -Wl,--no-undefined -Wl,-z,now)
  set_target_properties(${NAME} PROPERTIES
    PREFIX "" CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
endfunction()

# skymill_add_plugin_tests(NAME SOURCES a_test.cpp ... [LIBRARIES lib ...])
#
# The program NAME_tests, known to ctest by that name: the plugin's own sources and the tests', with
# a main function and a test that every stage of the plugin describes itself well.
function(skymill_add_plugin_tests NAME)
  cmake_parse_arguments(TESTS "" "" "SOURCES;LIBRARIES" ${ARGN})
  if(NOT TARGET ${NAME})
    message(FATAL_ERROR "skymill_add_plugin_tests(${NAME}) comes after skymill_add_plugin(${NAME})")
  endif()
  if(NOT TARGET Catch2::Catch2)
    find_package(Catch2 2 REQUIRED)
  endif()
  get_target_property(PLUGIN_FOLDER ${NAME} SOURCE_DIR)
  get_target_property(PLUGIN_SOURCES ${NAME} SOURCES)
  get_target_property(PLUGIN_LIBRARIES ${NAME} LINK_LIBRARIES)
  set(SOURCES ${TESTS_SOURCES} ${SKYMILL_PLUGIN_TEST_MAIN})
  foreach(SOURCE ${PLUGIN_SOURCES})
    cmake_path(ABSOLUTE_PATH SOURCE BASE_DIRECTORY ${PLUGIN_FOLDER})
    list(APPEND SOURCES ${SOURCE})
  endforeach()
  add_executable(${NAME}_tests ${SOURCES})
  target_compile_features(${NAME}_tests PRIVATE cxx_std_20)
  # For #include "..." only: a plugin's string.h must not come before that of the system.
  target_compile_options(${NAME}_tests PRIVATE "SHELL:-iquote \"${PLUGIN_FOLDER}\"")
  target_link_libraries(${NAME}_tests PRIVATE ${PLUGIN_LIBRARIES} ${TESTS_LIBRARIES} Catch2::Catch2)
  add_test(NAME ${NAME}_tests COMMAND ${NAME}_tests)
endfunction()
