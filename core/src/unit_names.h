// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skymill {

/// Every name that `parse_quantity` takes behind a number where `unit` is declared; none for the
/// empty unit. A micro sign stands as u.
std::vector<std::string> unit_names_for(std::string_view unit);

/// Whether `parse_quantity` also takes sexagesimal texts where `unit` is declared.
bool takes_sexagesimal(std::string_view unit);

}  // namespace skymill
