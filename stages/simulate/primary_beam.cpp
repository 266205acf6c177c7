// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/simulate/primary_beam.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio {

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kSpeedOfLight = 299792458;  // m/s

}  // namespace

double airy_voltage(double diameter_m, double freq_hz, double sin_angle) {
  const double x = kPi * diameter_m * sin_angle * freq_hz / kSpeedOfLight;
  // The series starts 1 - x²/8; below this the quotient has no more digits.
  return std::abs(x) < 1e-8 ? 1 : 2 * ::j1(x) / x;
}

double airy_power(double diameter_m, double freq_hz, double sin_angle) {
  const double voltage = airy_voltage(diameter_m, freq_hz, sin_angle);
  return voltage * voltage;
}

double tapered_power(double diameter_m, double freq_hz, double angle_rad) {
  const double y = 1.2 * std::abs(angle_rad) * diameter_m * freq_hz / kSpeedOfLight;
  // Both parts vanish at 1/2, where the quotient is π/4.
  const double quotient = std::abs(y - 0.5) < 1e-7 ? kPi / 4 : std::cos(kPi * y) / (1 - 4 * y * y);
  return quotient * quotient * quotient * quotient;
}

PrimaryBeam primary_beam_of(const std::string& name) {
  if (name == "none") return PrimaryBeam::none;
  if (name == "airy") return PrimaryBeam::airy;
  if (name == "tapered") return PrimaryBeam::tapered;
  throw Error(ErrorKind::description, "there is no beam '" + name + "'",
              "none, airy and tapered are known");
}

double beam_power(PrimaryBeam beam, double diameter_m, double freq_hz, double sin_angle) {
  switch (beam) {
    case PrimaryBeam::airy:
      return airy_power(diameter_m, freq_hz, sin_angle);
    case PrimaryBeam::tapered:
      return tapered_power(diameter_m, freq_hz, std::asin(std::min(1.0, sin_angle)));
    case PrimaryBeam::none:
      break;
  }
  return 1;
}

}  // namespace skymill::radio
