// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

namespace skymill::radio {

/// The name of the lane of a table that stands on the disk: one for all paths that lead to it.
inline std::string table_lane(const std::string& path) {
  std::error_code code;
  const auto canonical = std::filesystem::canonical(path, code);
  return "table:" + (code ? path : canonical.string());
}

}  // namespace skymill::radio
