// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

namespace skymill {

/// Throws what errno says about `what`: Error (resources) when there is no room, else (failed).
[[noreturn]] void refuse(const std::string& what);

/// fsync of a file or a folder. @throws Error naming it
void fsync_path(const std::filesystem::path& path);

/// fsync of a file, or of a folder with all it holds. @throws Error naming what failed
void fsync_tree(const std::filesystem::path& path);

/// Bytes that the files below a folder fill, or that a file fills; holes in files count nothing.
/// What vanishes while it looks counts nothing either.
std::size_t filled_bytes(const std::filesystem::path& path);

}  // namespace skymill
