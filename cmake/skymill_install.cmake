# SPDX-License-Identifier: GPL-3.0-or-later
# What is installed, and the package that other projects find with find_package(skymill).
include(CMakePackageConfigHelpers)

set(SKYMILL_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/skymill)
set(SKYMILL_HEADER_DIR ${CMAKE_INSTALL_INCLUDEDIR}/skymill)

# Every installed file finds its libraries from its own place, so that any prefix will do.
set_target_properties(skymill PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
install(TARGETS skymill RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# Outside plugins link to core and see the data kinds; the other libraries only serve our plugins.
set_target_properties(skymill_core PROPERTIES INSTALL_RPATH "$ORIGIN")
set_target_properties(skymill_data PROPERTIES EXPORT_NAME data)
install(TARGETS skymill_core skymill_data EXPORT skymillTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} NAMELINK_COMPONENT dev)
get_property(FOLDERS DIRECTORY stages PROPERTY SUBDIRECTORIES)
foreach(FOLDER ${FOLDERS})
  get_property(LIBRARIES DIRECTORY ${FOLDER} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(LIBRARY ${LIBRARIES})
    get_target_property(KIND ${LIBRARY} TYPE)
    if(KIND STREQUAL SHARED_LIBRARY)
      set_target_properties(${LIBRARY} PROPERTIES INSTALL_RPATH "$ORIGIN")
      install(TARGETS ${LIBRARY} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} NAMELINK_SKIP)
    endif()
  endforeach()
endforeach()
get_property(PLUGINS DIRECTORY plugins PROPERTY BUILDSYSTEM_TARGETS)
set_target_properties(${PLUGINS} PROPERTIES INSTALL_RPATH "$ORIGIN/../..")

install(DIRECTORY core/include/core DESTINATION ${SKYMILL_HEADER_DIR} COMPONENT dev
  FILES_MATCHING PATTERN "*.h")
install(FILES ${skymill_BINARY_DIR}/core/include/core/version.h
  DESTINATION ${SKYMILL_HEADER_DIR}/core COMPONENT dev)
install(DIRECTORY stages/data DESTINATION ${SKYMILL_HEADER_DIR}/stages COMPONENT dev
  FILES_MATCHING PATTERN "*.h")
install(DIRECTORY pipelines DESTINATION ${CMAKE_INSTALL_DATADIR}/skymill
  FILES_MATCHING PATTERN "*.yaml")

install(EXPORT skymillTargets NAMESPACE skymill:: DESTINATION ${SKYMILL_PACKAGE_DIR} COMPONENT dev)
configure_package_config_file(cmake/skymillConfig.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/skymillConfig.cmake
  INSTALL_DESTINATION ${SKYMILL_PACKAGE_DIR}
  PATH_VARS CMAKE_INSTALL_BINDIR)
# Before 1.0 a new minor version may change the interface.
write_basic_package_version_file(skymillConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/skymillConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/skymillConfigVersion.cmake
  cmake/skymill_add_plugin.cmake
  cmake/skymill_plugin_test_main.cpp
  DESTINATION ${SKYMILL_PACKAGE_DIR} COMPONENT dev)

# The program in the build tree finds the shipped descriptions as the installed one does.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/share/skymill)
file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/pipelines
  ${CMAKE_BINARY_DIR}/share/skymill/pipelines SYMBOLIC)
