// SPDX-License-Identifier: GPL-3.0-or-later
// Test vectors as they stand in a specification: equal to the last digit that is printed.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <string>

namespace oracle {

/// What rounds to `text`, such as "0.0357408" or "2.8663376e-5": half a unit of its last digit,
/// and nothing relative to its size.
inline Approx printed(const std::string& text) {
  const std::size_t end = std::min(text.find('e'), text.size());
  const std::size_t point = text.find('.');
  const auto decimals = static_cast<double>(point < end ? end - point - 1 : 0);
  const double exponent = end < text.size() ? std::stod(text.substr(end + 1)) : 0;
  // The double nearest to a value that lies halfway may be on either side of it.
  const double half = 0.5 * std::pow(10.0, exponent - decimals) * (1 + 1e-6);
  return Approx(std::stod(text)).epsilon(0).margin(half);
}

}  // namespace oracle
