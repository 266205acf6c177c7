// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/gains/antenna_match.h>
#include <stages/gains/solution_words.h>

#include <cmath>
#include <map>

namespace skymill::radio {

namespace {

constexpr double kApart_m = 1;

bool known(const Antenna& antenna) {
  return antenna.position_m[0] != 0 || antenna.position_m[1] != 0 || antenna.position_m[2] != 0;
}

void require_same_place(const Solutions& solutions, const Antenna& solved, const Antenna& here,
                        const ObservationHeader& header) {
  if (!known(solved) || !known(here)) return;
  const double apart_m = std::hypot(solved.position_m[0] - here.position_m[0],
                                    solved.position_m[1] - here.position_m[1],
                                    solved.position_m[2] - here.position_m[2]);
  if (apart_m <= kApart_m) return;
  throw Error(ErrorKind::input,
              solution_words(solutions) + " are of another array than '" + header.source +
                  "': antenna '" + here.name + "' stands " + format_quantity(apart_m, "m") +
                  " from where it was solved",
              "take solutions of the same array and configuration");
}

}  // namespace

std::vector<std::size_t> match_antennas(const Solutions& solutions,
                                        const ObservationHeader& header) {
  std::map<std::string, std::size_t> solved;
  for (std::size_t a = 0; a < solutions.antennas.size(); ++a) solved[solutions.antennas[a]] = a;
  const bool placed =
      solutions.header && solutions.header->antennas.size() == solutions.antennas.size();
  std::vector<std::size_t> places;
  bool any = false;
  for (const Antenna& antenna : header.antennas) {
    // Foreign sets have several antennas without a name: then the number decides among them.
    const std::size_t same = places.size();
    const bool in_place =
        same < solutions.antennas.size() && solutions.antennas[same] == antenna.name;
    const auto found = solved.find(antenna.name);
    places.push_back(in_place ? same : found == solved.end() ? kNoSolution : found->second);
    if (places.back() == kNoSolution) continue;
    any = true;
    if (!placed) continue;
    require_same_place(solutions, solutions.header->antennas[places.back()], antenna, header);
  }
  if (any || header.antennas.empty()) return places;
  throw Error(ErrorKind::input,
              solution_words(solutions) + " and '" + header.source +
                  "' have no antenna in common: '" +
                  (solutions.antennas.empty() ? "" : solutions.antennas.front()) + "' there, '" +
                  header.antennas.front().name + "' here",
              "take solutions of the same array");
}

}  // namespace skymill::radio
