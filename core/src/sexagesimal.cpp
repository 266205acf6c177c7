// SPDX-License-Identifier: GPL-3.0-or-later
#include "sexagesimal.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <system_error>

namespace skymill {

namespace {

constexpr double kDegreesPerHour = 15;

/// Takes an unsigned decimal number from the front of `text`.
std::optional<double> take_number(std::string_view& text, bool& has_decimals) {
  std::size_t length = 0;
  has_decimals = false;
  while (length < text.size() &&
         ((text[length] >= '0' && text[length] <= '9') || (text[length] == '.' && length > 0))) {
    has_decimals = has_decimals || text[length] == '.';
    ++length;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + length, value);
  if (length == 0 || error != std::errc() || end != text.data() + length) return std::nullopt;
  text.remove_prefix(length);
  return value;
}

struct Parts {
  std::array<double, 3> values{};
  std::size_t count = 0;
};

/// Numbers each followed by its mark, such as h, m, s. The last part given may lack its mark when
/// `open` is set, and it alone may have decimals.
std::optional<Parts> take_parts(std::string_view text, std::string_view marks, bool open) {
  Parts parts;
  bool decimals_before = false;
  while (!text.empty()) {
    if (parts.count == parts.values.size() || decimals_before) return std::nullopt;
    const auto value = take_number(text, decimals_before);
    if (!value || (parts.count > 0 && *value >= 60)) return std::nullopt;
    parts.values[parts.count] = *value;
    const bool is_last = parts.count + 1 == parts.values.size();
    ++parts.count;
    if (text.empty() && open && is_last) break;
    if (text.empty() || text.front() != marks[parts.count - 1]) return std::nullopt;
    text.remove_prefix(1);
    if (text.empty() && open) return std::nullopt;  // "12:30:" has lost its end
  }
  return parts;
}

}  // namespace

std::optional<double> parse_sexagesimal(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const bool colons = text.find(':') != std::string_view::npos;
  const bool hours = colons || text.find('h') != std::string_view::npos;
  if (hours && negative) return std::nullopt;

  std::optional<Parts> parts;
  if (colons)
    parts = take_parts(text, ":::", true);
  else
    parts = take_parts(text, hours ? "hms" : "dms", false);
  if (!parts || parts->count == 0) return std::nullopt;
  const double whole = parts->values[0] + (parts->values[1] + parts->values[2] / 60) / 60;
  if (whole > (hours ? 24 : 360)) return std::nullopt;
  const double degrees = hours ? whole * kDegreesPerHour : whole;
  return negative ? -degrees : degrees;
}

}  // namespace skymill
