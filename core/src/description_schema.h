// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/plugin.h>

#include <string>

namespace skymill {

/// A JSON Schema (draft-07) of whole pipeline descriptions with these stage types, by which editors
/// complete and check. What it refuses, `skymill check` refuses; rules between values are the
/// program's alone.
std::string description_schema(const Registry& registry);

}  // namespace skymill
