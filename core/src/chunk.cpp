// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/chunk.h>
#include <core/error.h>

namespace skymill {

void AnyChunk::require(const DataKind& wanted) const {
  if (!held_) throw Error(ErrorKind::failed, "an empty chunk was read as " + wanted.text());
  if (kind() != wanted) {
    throw Error(ErrorKind::failed, "a chunk of " + kind().text() + " was read as " + wanted.text(),
                "let ports() of both stages name the kDataKind of what their classes give and "
                "take");
  }
}

}  // namespace skymill
