# SPDX-License-Identifier: GPL-3.0-or-later
# What the program says of itself, as files: manual pages, completion, the schema for editors.
find_program(SKYMILL_GZIP gzip REQUIRED)

set(SKYMILL_SHARE ${CMAKE_BINARY_DIR}/share)
set(SKYMILL_BASH ${SKYMILL_SHARE}/bash-completion/completions)
set(SKYMILL_ZSH ${SKYMILL_SHARE}/zsh/vendor-completions)
get_property(PLUGINS DIRECTORY plugins PROPERTY BUILDSYSTEM_TARGETS)
# Plugins of the user's own are not for what is installed, and other libraries' leaks no concern here.
set(SAYS ${CMAKE_COMMAND} -E env --unset=SKYMILL_PLUGIN_PATH ASAN_OPTIONS=detect_leaks=0
  $<TARGET_FILE:skymill>)

# A command that is gone leaves no page: the folder is made anew.
add_custom_command(OUTPUT ${SKYMILL_SHARE}/man/man1/skymill.1.gz
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${SKYMILL_SHARE}/man/man1
  COMMAND ${SAYS} manual --output ${SKYMILL_SHARE}/man/man1
  COMMAND sh -c "${SKYMILL_GZIP} -9n '${SKYMILL_SHARE}'/man/man1/*.1"
  DEPENDS skymill VERBATIM COMMENT "Manual pages")
add_custom_command(OUTPUT ${SKYMILL_BASH}/skymill ${SKYMILL_ZSH}/_skymill
  COMMAND ${CMAKE_COMMAND} -E make_directory ${SKYMILL_BASH} ${SKYMILL_ZSH}
  COMMAND ${SAYS} completion bash > ${SKYMILL_BASH}/skymill
  COMMAND ${SAYS} completion zsh > ${SKYMILL_ZSH}/_skymill
  DEPENDS skymill VERBATIM COMMENT "Completion for bash and zsh")
add_custom_command(OUTPUT ${SKYMILL_SHARE}/skymill/description.schema.json
  COMMAND ${SAYS} schema > ${SKYMILL_SHARE}/skymill/description.schema.json
  DEPENDS skymill ${PLUGINS} VERBATIM COMMENT "Schema of descriptions")
add_custom_target(skymill_manual ALL DEPENDS ${SKYMILL_SHARE}/man/man1/skymill.1.gz
  ${SKYMILL_BASH}/skymill ${SKYMILL_ZSH}/_skymill
  ${SKYMILL_SHARE}/skymill/description.schema.json)

install(DIRECTORY ${SKYMILL_SHARE}/man/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
install(FILES ${SKYMILL_BASH}/skymill
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${SKYMILL_ZSH}/_skymill DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${SKYMILL_SHARE}/skymill/description.schema.json
  DESTINATION ${CMAKE_INSTALL_DATADIR}/skymill)

# The reference pages in the source tree, after a change of what the program says.
find_program(SKYMILL_PYTHON3 python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(SKYMILL_PYTHON3 python3)
if(SKYMILL_PYTHON3)
  add_custom_target(docs_reference
    COMMAND ${SKYMILL_PYTHON3} ${CMAKE_SOURCE_DIR}/docs/generate.py $<TARGET_FILE:skymill>
    DEPENDS skymill ${PLUGINS} VERBATIM)
endif()
