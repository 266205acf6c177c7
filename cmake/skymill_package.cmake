# SPDX-License-Identifier: GPL-3.0-or-later
# Debian packages, by `cpack -G DEB`: `skymill` runs pipelines, `skymill-dev` is for who writes
# plugins.
set(CPACK_PACKAGE_VENDOR "The Skymill developers")
set(CPACK_PACKAGE_CONTACT "The Skymill developers <maintainers@skymill.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(PACKAGE_COMPONENTS skymill dev)
set(PACKAGE_FOLDERS skymill skymill-dev)
set(CPACK_COMPONENTS_ALL ${PACKAGE_COMPONENTS})
set(CPACK_COMPONENTS_GROUPING IGNORE)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_SKYMILL_PACKAGE_NAME skymill)
set(CPACK_DEBIAN_SKYMILL_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_SKYMILL_PACKAGE_CONTROL_EXTRA
  ${CMAKE_SOURCE_DIR}/cmake/debian/shlibs ${CMAKE_SOURCE_DIR}/cmake/debian/triggers)
# Our own libraries are in the package itself.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})
set(CPACK_DEBIAN_SKYMILL_PACKAGE_DEPENDS fonts-dejavu-core)
set(CPACK_COMPONENT_SKYMILL_DESCRIPTION
"Skymill reads UVH5 files and MeasurementSets in chunks within a memory
budget, phases, flags and calibrates, images and cleans every channel on its
own on all cores, and writes each plane in its place in the final cube.
Stages are plugins; a pipeline is a short YAML file.")
set(CPACK_DEBIAN_DEV_PACKAGE_NAME skymill-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "skymill (= ${PROJECT_VERSION}-1)")
set(CPACK_DEBIAN_DEV_PACKAGE_RECOMMENDS "cmake (>= 3.25), g++, catch2")
set(CPACK_COMPONENT_DEV_DESCRIPTION
"What a plugin with stages of one's own needs: the headers of the core and
of the data that flow between stages, and a CMake package with functions that
build a plugin and its tests.")

# What Debian wants in each package: whose it is, and what has changed.
set(DOC ${CMAKE_BINARY_DIR}/share/doc)
configure_file(cmake/debian/copyright.in ${DOC}/copyright @ONLY)
configure_file(cmake/debian/changelog.in ${DOC}/changelog.Debian @ONLY)
configure_file(CHANGELOG.md ${DOC}/changelog COPYONLY)
foreach(NAME changelog changelog.Debian)
  file(REMOVE ${DOC}/${NAME}.gz)
  execute_process(COMMAND ${SKYMILL_GZIP} -9nk ${DOC}/${NAME} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
foreach(COMPONENT FOLDER IN ZIP_LISTS PACKAGE_COMPONENTS PACKAGE_FOLDERS)
  install(FILES ${DOC}/copyright ${DOC}/changelog.gz ${DOC}/changelog.Debian.gz
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${FOLDER} COMPONENT ${COMPONENT})
  install(FILES cmake/debian/${FOLDER}.lintian
    DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides RENAME ${FOLDER} COMPONENT ${COMPONENT})
endforeach()

include(CPack)
