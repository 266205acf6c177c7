// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/solutions.h>

#include <string>

namespace skymill::radio {

/// `solutions 'my.gcal' (G)`, for messages.
inline std::string solution_words(const Solutions& solutions) {
  return "solutions '" + solutions.name + "' (" + letter(solutions.term) + ")";
}

}  // namespace skymill::radio
