// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace skymill::cli {

/// The HTML page of a run: one file with everything in it that it shows, which loads nothing. Its
/// charts need Chart.js, which is taken in when skymill is built; without it there are tables only.
/// Pictures are the PNG files among the run's outputs that are still there.
/// @param record  path of a run record (`run.json`)
/// @throws Error (input) when it is no run record
std::string page_of_record(const std::string& record);

}  // namespace skymill::cli
