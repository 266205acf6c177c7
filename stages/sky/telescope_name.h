// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cctype>
#include <string>

namespace skymill::radio {

/// A telescope's name without what people put between its parts: DSA_110 and dsa-110 are DSA110.
inline std::string plain_telescope_name(const std::string& telescope) {
  std::string name;
  for (const char c : telescope) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
  }
  return name;
}

/// The correlator's files call it OVRO_MMA, and CASA's tasks want that name.
inline bool is_dsa110(const std::string& telescope) {
  const std::string name = plain_telescope_name(telescope);
  return name == "DSA110" || name == "OVRODSA" || name == "OVROMMA";
}

}  // namespace skymill::radio
