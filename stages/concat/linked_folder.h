// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace skymill::radio {

/// Makes the folder `to` with the folders of `from` and hard links to its files: the same bytes
/// under two names, so that the old name can go once the new one is published.
/// @throws Error (failed) when the file system knows no hard links or `to` is on another one
void link_folder(const std::string& from, const std::string& to);

/// @throws Error (failed) when hard links from `from` to the folder of `to` are impossible
void require_same_disk(const std::string& from, const std::string& to);

/// Waits until a file or folder is safe on its disk (fsync).
void make_durable(const std::string& path);

}  // namespace skymill::radio
