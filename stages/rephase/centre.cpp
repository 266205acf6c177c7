// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/rephase/centre.h>

#include <cmath>
#include <sstream>
#include <vector>

namespace skymill::radio {

Direction parse_direction(const std::string& text) {
  const auto refuse = [&](const std::string& why) -> Error {
    return Error(ErrorKind::description, "'" + text + "' is no direction: " + why,
                 "write right ascension and declination, such as 12h30m49.4s -26d05m10s ICRS");
  };
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  if (words.size() != 2 && words.size() != 3) throw refuse("it needs two angles");
  Direction direction{0, 0, words.size() == 3 ? words[2] : "ICRS"};
  if (direction.frame != "ICRS" && direction.frame != "J2000") {
    throw refuse("the frame '" + direction.frame + "' is neither ICRS nor J2000");
  }
  // Colons mean hours everywhere in skymill, which nobody means for a declination.
  if (words[1].find(':') != std::string::npos) throw refuse("a declination with colons");
  try {
    direction.ra_rad = parse_quantity(words[0], "rad");
    direction.dec_rad = parse_quantity(words[1], "rad");
  } catch (const QuantityError& error) {
    throw refuse(error.what());
  }
  if (std::abs(direction.dec_rad) > 1.5707963267948968) throw refuse("declination beyond the pole");
  return direction;
}

}  // namespace skymill::radio
