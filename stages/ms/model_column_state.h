// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

namespace skymill::radio::wall {

inline constexpr const char* kModelColumn = "MODEL_DATA";

/// The keyword that MODEL_DATA carries while it is written: a run that was killed has left a column
/// of which nobody knows what is new.
inline constexpr const char* kUnfinished = "SKYMILL_UNFINISHED";

}  // namespace skymill::radio::wall
