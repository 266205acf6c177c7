// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/stream.h>

namespace skymill {

std::optional<AnyStream::Work> AnyStream::next() { return next_ ? next_() : std::nullopt; }

}  // namespace skymill
