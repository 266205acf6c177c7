// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace skymill {

/// How `skymill inspect` looks into files of one kind; plugins register them.
struct Inspector {
  std::string name;  ///< the kind, for messages: "HDF5"
  /// A text for people, or nothing when the path is of another kind.
  std::function<std::optional<std::string>(const std::string& path)> text;
};

}  // namespace skymill
