// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/chunk.h>
#include <core/error.h>

namespace skymill {

void AnyChunk::require(DataKind wanted) const {
  if (!held_) throw Error(ErrorKind::failed, "an empty chunk was read as " + wanted.text());
  const DataKind kind = held_->kind();
  // Within one library it is the same name in the same place; this is called at every boundary.
  if (kind.name.data() == wanted.name.data() && kind.version == wanted.version &&
      kind.name.size() == wanted.name.size()) {
    return;
  }
  if (kind != wanted) {
    throw Error(ErrorKind::failed,
                "a chunk of " + held_->kind().text() + " was read as " + wanted.text(),
                "let ports() of both stages name the kDataKind of what their classes give and "
                "take");
  }
}

}  // namespace skymill
