// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/diagnostics.h>
#include <core/error.h>
#include <stages/gains/antenna_names.h>

namespace skymill::radio {

std::size_t antenna_number(const ObservationHeader& header, const std::string& name,
                           const std::string& parameter) {
  std::vector<std::string> names;
  for (const Antenna& antenna : header.antennas) {
    if (antenna.name == name) return names.size();
    names.push_back(antenna.name);
  }
  std::string hint = did_you_mean(name, names);
  if (hint.empty() && !names.empty()) {
    hint = "names go from '" + names.front() + "' to '" + names.back() + "'";
  }
  throw Error(ErrorKind::description,
              parameter + " names antenna '" + name + "', but '" + header.source +
                  "' has none of that name",
              hint);
}

}  // namespace skymill::radio
