// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/calibration.h>

#include <string>
#include <vector>

namespace skymill::radio {

/// What products of corrected data say of each term: its letter, the table or stage it came from,
/// and when its solutions were made (dsa110.md 3.7). A table of a wrong date then leaves a trace.
std::vector<std::string> provenance(const Calibration& calibration);

}  // namespace skymill::radio
