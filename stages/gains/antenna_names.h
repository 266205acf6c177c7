// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>

#include <cstddef>
#include <string>

namespace skymill::radio {

/// The number of the antenna of this name.
/// @param parameter  that named it, for the message
/// @throws Error (description) when the array has none of that name
std::size_t antenna_number(const ObservationHeader& header, const std::string& name,
                           const std::string& parameter);

}  // namespace skymill::radio
