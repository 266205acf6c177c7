// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/axes.h>
#include <core/metrics.h>

namespace skymill {

/// A unit of a product, such as a channel of a cube, that a journal calls done: its data are in the
/// draft and on the disk.
struct DoneUnit {
  Span span;  ///< of the chunk that was written
  Row note;   ///< what `Sink::note` said of it
};

}  // namespace skymill
