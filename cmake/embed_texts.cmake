# SPDX-License-Identifier: GPL-3.0-or-later
# Writes a C++ source with files in it as string_views:
#   cmake -DOUTPUT=x.cpp -DHEADER=x.h -DNAMES=a,b -DFILES=a.txt,b.txt -P embed_texts.cmake
# The file of a name may be empty. With -DTABLE=kFiles instead of NAMES they become one table by
# file name: `const EmbeddedFile kFiles[]`, the last one empty.
string(REPLACE "," ";" NAMES "${NAMES}")
string(REPLACE "," ";" FILES "${FILES}")
set(SOURCE "#include \"${HEADER}\"\n\nnamespace skymill::cli {\n\n")
if(TABLE)
  string(APPEND SOURCE "const EmbeddedFile ${TABLE}[] = {\n")
  foreach(FILE ${FILES})
    file(READ "${FILE}" TEXT)
    cmake_path(GET FILE FILENAME NAME)
    string(APPEND SOURCE "{\"${NAME}\", R\"embedded(${TEXT})embedded\"},\n")
  endforeach()
  string(APPEND SOURCE "{}};\n\n")
  set(FILES "")
endif()
foreach(NAME FILE IN ZIP_LISTS NAMES FILES)
  if(FILE STREQUAL "none")
    set(TEXT "")
  else()
    file(READ "${FILE}" TEXT)
  endif()
  string(APPEND SOURCE "const std::string_view ${NAME}{R\"embedded(${TEXT})embedded\"};\n\n")
endforeach()
file(WRITE "${OUTPUT}" "${SOURCE}}  // namespace skymill::cli\n")
