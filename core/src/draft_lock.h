// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

namespace skymill {

/// The file that a run holds under `flock` while it makes the product at `final_path`; a crash
/// leaves it beside the `.partial`.
inline std::string draft_lock_path(const std::string& final_path) {
  const std::filesystem::path target(final_path);
  const std::filesystem::path folder =
      target.has_parent_path() ? target.parent_path() : std::filesystem::path(".");
  return (folder / ("." + target.filename().string() + ".lock")).string();
}

}  // namespace skymill
