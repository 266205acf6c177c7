// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20, and free of casacore (architecture.md 3.9).
#pragma once

#include <core/export.h>

#include <string>
#include <vector>

namespace skymill::radio {

/// Writes casacore's virtual concatenation (imaging.md 6.2): the folder with `imageconcat.json`,
/// which names its images in their order along `axis`. A file that is there is replaced in one
/// step, so a reader always finds a whole one. MiscInfo is left empty. Needs no lane.
/// @param folder     where to write; made when missing
/// @param final_path what the folder will be called: names are relative to that
/// @param images     absolute paths as they will be when the folder has its final name
/// @param axis       pixel axis of the concatenation, counted from 0
SKYMILL_API void write_image_concat(const std::string& folder, const std::string& final_path,
                                    const std::vector<std::string>& images, int axis);

/// What such a folder says.
struct ImageConcat {
  std::vector<std::string> images;  ///< absolute paths
  int axis = 0;                     ///< pixel axis, counted from 0
};

/// Whether the folder is a virtual concatenation. Looks at files only.
SKYMILL_API bool is_image_concat(const std::string& folder);

/// The images that the concatenation in `folder` names, were the folder called `final_path`.
/// @throws Error(input) when it is no concatenation
SKYMILL_API ImageConcat read_image_concat(const std::string& folder, const std::string& final_path);

}  // namespace skymill::radio
