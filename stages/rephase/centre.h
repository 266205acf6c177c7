// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>

#include <string>

namespace skymill::radio {

/// A direction as people write it: `12h30m49.4s -26d05m10s`, `187.7deg 12.39deg J2000`; ICRS when
/// no frame stands behind it.
/// @throws Error (description) when it cannot be read
Direction parse_direction(const std::string& text);

}  // namespace skymill::radio
