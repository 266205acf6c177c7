// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/chunk.h>
#include <core/error.h>

namespace skymill {

void AnyChunk::require(DataKind wanted) const {
  if (!held_) throw Error(ErrorKind::failed, "an empty chunk was read as " + wanted.text());
  if (held_->kind() != wanted) {
    throw Error(ErrorKind::failed,
                "a chunk of " + held_->kind().text() + " was read as " + wanted.text());
  }
}

}  // namespace skymill
