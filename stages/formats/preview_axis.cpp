// SPDX-License-Identifier: GPL-3.0-or-later
#include "preview_axis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace skymill::radio {
namespace {

std::string with_true_minus(std::string text) {
  if (!text.empty() && text.front() == '-') text.replace(0, 1, "\u2212");
  return text;
}

}  // namespace

double round_step(double low, double high, int most) {
  const double span = high - low;
  if (!(span > 0) || !std::isfinite(span)) return 1;
  double power = std::pow(10.0, std::floor(std::log10(span / most)));
  for (;; power *= 10) {
    for (const double digit : {1.0, 2.0, 5.0}) {
      const double step = digit * power;
      if (std::floor(high / step) - std::ceil(low / step) + 1 <= most) return step;
    }
  }
}

std::vector<double> round_ticks(double low, double high, int most) {
  const double step = round_step(low, high, most);
  std::vector<double> ticks;
  const double first = std::ceil(low / step - 1e-9);
  for (double k = first; k * step <= high + 1e-9 * step && ticks.size() <= 100; ++k) {
    ticks.push_back(k == 0 ? 0 : k * step);
  }
  return ticks;
}

std::string tick_text(double value, double step) {
  const int decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-6)), 0, 9);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return with_true_minus(text.data());
}

std::string value_text(double value, int digits) {
  if (!std::isfinite(value)) return "none";
  std::array<char, 64> text{};
  const double size = std::abs(value);
  const int before = size > 0 ? static_cast<int>(std::floor(std::log10(size))) + 1 : 1;
  if (before > 7 || before < -4) {
    std::snprintf(text.data(), text.size(), "%.*e", digits - 1, value);
  } else {
    std::snprintf(text.data(), text.size(), "%.*f", std::clamp(digits - before, 0, 9), value);
  }
  return with_true_minus(text.data());
}

UnitScale scale_unit(const std::string& unit, double largest) {
  const bool janskys = unit.size() >= 2 && (unit.rfind("Jy", 0) == 0 || unit.rfind("JY", 0) == 0);
  if (!janskys) return {1, unit};
  std::string rest = unit.substr(2);
  if (rest == "/BEAM") rest = "/beam";
  constexpr std::array<std::pair<double, const char*>, 4> kScales{
      {{1, "Jy"}, {1e3, "mJy"}, {1e6, "\u00b5Jy"}, {1e9, "nJy"}}};
  if (!(largest > 0)) return {1, "Jy" + rest};
  for (const auto& [factor, name] : kScales) {
    if (largest * factor >= 1) return {factor, name + rest};
  }
  return {1e9, "nJy" + rest};
}

UnitScale scale_frequency(double largest_hz) {
  if (largest_hz >= 1e9) return {1e-9, "GHz"};
  if (largest_hz >= 1e6) return {1e-6, "MHz"};
  if (largest_hz >= 1e3) return {1e-3, "kHz"};
  return {1, "Hz"};
}

}  // namespace skymill::radio
