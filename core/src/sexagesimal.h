// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string_view>

namespace skymill {

/// The angle in degrees of `12h30m49.4s`, `-26d05m10s` or `12:30:49` (hours); seconds, or minutes
/// and seconds, may be missing after a letter. Nothing for any other text: minutes and seconds
/// must be below 60, only the last part may have decimals, hours take no minus sign.
std::optional<double> parse_sexagesimal(std::string_view text);

}  // namespace skymill
