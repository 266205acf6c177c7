// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace skymill {

/// Why a text is not a value of a field; the place is known to the caller.
struct FieldFault {
  std::string message;
  std::string hint;
};

/// Reads one scalar of a field and checks its range and choices.
std::variant<ParamScalar, FieldFault> read_scalar(const FieldInfo& field, const std::string& text);

/// The text from which `read_scalar` makes the same value again, with the unit.
std::string canonical_scalar(const FieldInfo& field, const ParamScalar& value);

/// The canonical text of a whole field: `none` for an unset one, `[a, b]` for several values.
std::string canonical_text(const FieldInfo& field, const std::vector<ParamScalar>& values);

/// A text in double quotes where it could be misread without them.
std::string quoted_if_needed(const std::string& text, bool in_list);

}  // namespace skymill
