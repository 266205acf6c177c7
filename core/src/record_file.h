// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <string>

namespace skymill {

/// `2026-01-25T22:26:05Z`
std::string utc_text(std::chrono::system_clock::time_point time);

/// Writes a file whole and renames it; makes its folder.
/// @throws Error (failed) when the place cannot be written
void write_text_whole(const std::string& path, const std::string& text);

/// The same for a record, whose place can be chosen.
void write_record(const std::string& path, const std::string& text);

}  // namespace skymill
