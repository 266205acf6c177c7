// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/formats.
#pragma once

#include <string>
#include <vector>

namespace skymill::radio {

/// The step 1, 2 or 5 × 10^n that puts at most `most` values between `low` and `high`.
double round_step(double low, double high, int most);
/// The multiples of that step from `low` to `high`.
std::vector<double> round_ticks(double low, double high, int most);
/// As many decimals as the step needs, with a true minus sign.
std::string tick_text(double value, double step);
/// Few significant digits, for a value that stands alone.
std::string value_text(double value, int digits);

/// How a value with a unit is best shown: Jy becomes mJy, µJy or nJy by size.
struct UnitScale {
  double factor = 1;
  std::string unit;
};
UnitScale scale_unit(const std::string& unit, double largest);

/// Hz as GHz, MHz, kHz or Hz by size.
UnitScale scale_frequency(double largest_hz);

}  // namespace skymill::radio
