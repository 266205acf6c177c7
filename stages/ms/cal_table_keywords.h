// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <stages/data/solutions.h>

#include <cstddef>

namespace skymill::radio::wall {

/// Keywords of calibration tables that are ours; CASA passes them over.
/// Which feeds the gains belong to, such as "XX,YY"; CASA's tables only count them.
constexpr char kCorrelationsKeyword[] = "CORRELATIONS";
/// What was solved for: "ap", "p" or "a".
constexpr char kModeKeyword[] = "GAIN_MODE";

/// CASA judges by it how a table is meant, such as where delays turn about (calibration.md 4.1).
constexpr char kVersionKeyword[] = "CASA_Version";

/// Place of a polarisation's values in a cell: 0 for X, R and the first of unknown feeds.
inline std::size_t feed_of(int pol) { return pol == 5 || pol == 9 || pol == kFirstFeed ? 0 : 1; }

}  // namespace skymill::radio::wall
