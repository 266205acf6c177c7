// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>

namespace skymill {

/// Copies a file or a folder to another file system, makes the copy durable and reads it back:
/// every file's number of bytes and XXH3-64 checksum must be those that were read from the source.
/// Modes and symbolic links are kept; times are not.
///
/// @param to      must not exist; what stands there after a failure is for the caller to remove
/// @param between called before every block that is copied or read back, at most 512 KiB; may
///                throw
/// @throws Error (resources) when there is no room, (failed) naming the file that cannot be
///         copied or differs
void verified_copy(const std::string& from, const std::string& to,
                   const std::function<void()>& between);

}  // namespace skymill
