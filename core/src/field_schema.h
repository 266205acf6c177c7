// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace skymill {

/// The JSON Schema (draft-07) of what a description may give for a field: its own JSON type, a
/// quantity with a unit of its dimension, or a text with `$(name)` in it.
nlohmann::ordered_json field_schema(const FieldInfo& field);

/// The same for a quantity outside of any stage, such as `timeout`.
nlohmann::ordered_json quantity_schema(std::string_view unit);

/// A text in which a parameter stands, whose value a schema cannot know.
nlohmann::ordered_json substitution_schema();

nlohmann::ordered_json scalar_json(const ParamScalar& scalar);

/// The description with everything that type, range and default do not say.
std::string full_doc(const FieldInfo& field);

}  // namespace skymill
