// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/calibrate/provenance.h>
#include <stages/geometry/earth_orientation.h>

#include <algorithm>
#include <cstdio>

namespace skymill::radio {

namespace {

constexpr double kDay_s = 86400;

std::string mjd_text(double time_s) {
  char text[32];
  std::snprintf(text, sizeof text, "%.5f", time_s / kDay_s);
  return text;
}

}  // namespace

std::vector<std::string> provenance(const Calibration& calibration) {
  std::vector<std::string> lines;
  for (const auto& term : calibration.terms) {
    const auto earlier = [](const SolutionInterval& a, const SolutionInterval& b) {
      return a.time_s < b.time_s;
    };
    const auto [first, last] =
        std::minmax_element(term->intervals.begin(), term->intervals.end(), earlier);
    std::string line = std::string("calibrated by ") + letter(term->term) + " '" + term->name + "'";
    if (!term->mode.empty()) line += " (" + term->mode + ")";
    if (first != term->intervals.end()) {
      line += " of " + date_text(first->time_s / kDay_s) + ", MJD " + mjd_text(first->time_s) +
              " to " + mjd_text(last->time_s);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace skymill::radio
