// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace skymill::radio {

/// Voltage that a uniformly lit round dish gives at an angle from its axis, 1 on the axis:
/// 2 J1(x)/x, x = π D sin θ / λ; negative in every second ring (dsa110.md 1.8).
double airy_voltage(double diameter_m, double freq_hz, double sin_angle);
/// The same as power, its square.
double airy_power(double diameter_m, double freq_hz, double sin_angle);

/// Power of a dish lit less towards its rim: (cos(1.2 π x) / (1 - 4 (1.2 x)²))⁴, x = θ D / λ, 1 on
/// the axis (dsa110.md 1.8).
double tapered_power(double diameter_m, double freq_hz, double angle_rad);

enum class PrimaryBeam { none, airy, tapered };
/// @throws Error (description) for other names than `none`, `airy`, `tapered`
PrimaryBeam primary_beam_of(const std::string& name);

/// Power of the beam named, by the sine of the angle from its axis.
double beam_power(PrimaryBeam beam, double diameter_m, double freq_hz, double sin_angle);

}  // namespace skymill::radio
