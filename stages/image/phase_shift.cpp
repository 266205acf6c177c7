// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/geometry/sky_frame.h>
#include <stages/image/phase_shift.h>

#include <cmath>
#include <numbers>
#include <sstream>

namespace skymill::radio {

namespace {

constexpr double kLightSpeed = 299792458.0;  // m/s

/// East, north and outwards at a direction, in the axes of its frame.
std::array<Vector3, 3> axes_at(const Direction& direction) {
  const double sin_a = std::sin(direction.ra_rad), cos_a = std::cos(direction.ra_rad);
  const double sin_d = std::sin(direction.dec_rad), cos_d = std::cos(direction.dec_rad);
  return {{{-sin_a, cos_a, 0},
           {-sin_d * cos_a, -sin_d * sin_a, cos_d},
           {cos_d * cos_a, cos_d * sin_a, sin_d}}};
}

}  // namespace

Direction parse_direction(const std::string& text) {
  std::istringstream words(text);
  std::vector<std::string> parts;
  for (std::string word; words >> word;) parts.push_back(word);
  Direction direction{0, 0, "ICRS"};
  if (parts.size() == 3) {
    direction.frame = parts.front();
    parts.erase(parts.begin());
  }
  const bool known = direction.frame == "ICRS" || direction.frame == "J2000";
  const char* const hint = "write it as ICRS 12h30m49.4s 12d23m28s";
  if (parts.size() != 2 || !known) {
    throw Error(ErrorKind::description, "'" + text + "' is no direction in ICRS or J2000", hint);
  }
  try {
    direction.ra_rad = parse_quantity(parts[0], "rad");
    direction.dec_rad = parse_quantity(parts[1], "rad");
  } catch (const QuantityError& error) {
    throw Error(ErrorKind::description, "'" + text + "' is no direction: " + error.what(), hint);
  }
  return direction;
}

PhaseShift::PhaseShift(const Direction& from, const Direction& to) {
  const bool same = from.frame == to.frame;
  const auto before = axes_at(same ? from : icrs(from));
  const auto after = axes_at(same ? to : icrs(to));
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      for (std::size_t k = 0; k < 3; ++k) turn_[i][j] += after[i][k] * before[j][k];
    }
  }
}

void PhaseShift::apply(Visibilities& rows, const std::vector<double>& freq_hz) const {
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const Vector3 old{rows.uvw_m[3 * row], rows.uvw_m[3 * row + 1], rows.uvw_m[3 * row + 2]};
    for (std::size_t i = 0; i < 3; ++i) {
      rows.uvw_m[3 * row + i] = turn_[i][0] * old[0] + turn_[i][1] * old[1] + turn_[i][2] * old[2];
    }
    const double longer_m = rows.uvw_m[3 * row + 2] - old[2];
    for (std::size_t c = 0; c < rows.nchan; ++c) {
      const double turns = -longer_m * freq_hz[c] / kLightSpeed;
      const std::complex<float> phasor(
          std::polar(1.0, 2 * std::numbers::pi * (turns - std::round(turns))));
      for (std::size_t k = 0; k < rows.ncorr; ++k) {
        rows.data[(row * rows.nchan + c) * rows.ncorr + k] *= phasor;
      }
    }
  }
}

}  // namespace skymill::radio
