// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

namespace skymill::radio::wall {

inline constexpr const char* kModelColumn = "MODEL_DATA";
inline constexpr const char* kCorrectedColumn = "CORRECTED_DATA";

/// WEIGHT and WEIGHT_SPECTRUM as they were before gains changed them: they belong to DATA.
inline constexpr const char* kFirstWeight = "SKYMILL_WEIGHT";
inline constexpr const char* kFirstSpectrum = "SKYMILL_WEIGHT_SPECTRUM";

/// The keyword that these columns carry while they are written: a run that was killed has left a
/// column of which nobody knows what is new.
inline constexpr const char* kUnfinished = "SKYMILL_UNFINISHED";

/// Keyword of CORRECTED_DATA: the lines of `ObservationHeader::history`.
inline constexpr const char* kHistory = "SKYMILL_HISTORY";

}  // namespace skymill::radio::wall
