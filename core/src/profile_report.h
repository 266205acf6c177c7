// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "profile.h"

namespace skymill {

/// Writes a profile as JSON (docs/guide/profile.schema.json). It is written whole and renamed.
/// @param run  the name of the run
void write_profile(const std::string& path, const std::string& run, const ProfileResult& profile);

/// Writes its spans and counts as a trace for Perfetto or chrome://tracing: a track for each
/// thread, a span for each call of a stage, for help with one and for each wait that held it up.
void write_trace(const std::string& path, const ProfileResult& profile);

/// Stages with wall, CPU, share, waits, rate and peak of memory, for the terminal.
std::string profile_table(const ProfileResult& profile);

}  // namespace skymill
