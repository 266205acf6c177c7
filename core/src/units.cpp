// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/diagnostics.h>
#include <core/units.h>

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <optional>
#include <utility>
#include <vector>

#include "sexagesimal.h"
#include "unit_names.h"

namespace skymill {

namespace {

enum class Dimension {
  number,
  frequency,
  time,
  length,
  speed,
  angle,
  flux,
  brightness,
  temperature,
  wavelengths,
  bytes,
  sigma,
  fraction,
};

struct DimensionWords {
  Dimension dimension;
  const char* words;
};

constexpr std::array kDimensionWords{
    DimensionWords{Dimension::number, "a plain number"},
    DimensionWords{Dimension::frequency, "a frequency"},
    DimensionWords{Dimension::time, "a time"},
    DimensionWords{Dimension::length, "a length"},
    DimensionWords{Dimension::speed, "a speed"},
    DimensionWords{Dimension::angle, "an angle"},
    DimensionWords{Dimension::flux, "a flux density"},
    DimensionWords{Dimension::brightness, "a brightness"},
    DimensionWords{Dimension::temperature, "a temperature"},
    DimensionWords{Dimension::wavelengths, "a number of wavelengths"},
    DimensionWords{Dimension::bytes, "a size in bytes"},
    DimensionWords{Dimension::sigma, "a multiple of sigma"},
    DimensionWords{Dimension::fraction, "a fraction"},
};

/// A unit with the prefixes that people put before it; `scale` leads to the dimension's base.
struct NamedUnit {
  const char* name;
  Dimension dimension;
  double scale;
  const char* prefixes;
  bool shown = true;  ///< whether output may choose it
};

constexpr double kDegree = std::numbers::pi / 180;

constexpr std::array kUnits{
    NamedUnit{"Hz", Dimension::frequency, 1, "kMGT"},
    NamedUnit{"s", Dimension::time, 1, "num"},
    NamedUnit{"min", Dimension::time, 60, ""},
    NamedUnit{"h", Dimension::time, 3600, ""},
    NamedUnit{"d", Dimension::time, 86400, ""},
    NamedUnit{"m", Dimension::length, 1, "numckM"},
    NamedUnit{"m/s", Dimension::speed, 1, "k"},
    NamedUnit{"rad", Dimension::angle, 1, "mu", false},
    NamedUnit{"deg", Dimension::angle, kDegree, ""},
    NamedUnit{"arcmin", Dimension::angle, kDegree / 60, ""},
    NamedUnit{"arcsec", Dimension::angle, kDegree / 3600, ""},
    NamedUnit{"as", Dimension::angle, kDegree / 3600, "mu"},
    NamedUnit{"Jy", Dimension::flux, 1, "numk"},
    NamedUnit{"Jy/beam", Dimension::brightness, 1, "numk"},
    NamedUnit{"K", Dimension::temperature, 1, "numk"},
    NamedUnit{"lambda", Dimension::wavelengths, 1, "kMG"},
    NamedUnit{"B", Dimension::bytes, 1, "kMGTP"},
    NamedUnit{"KiB", Dimension::bytes, 0x1p10, ""},
    NamedUnit{"MiB", Dimension::bytes, 0x1p20, ""},
    NamedUnit{"GiB", Dimension::bytes, 0x1p30, ""},
    NamedUnit{"TiB", Dimension::bytes, 0x1p40, ""},
    NamedUnit{"PiB", Dimension::bytes, 0x1p50, ""},
    NamedUnit{"sigma", Dimension::sigma, 1, ""},
    NamedUnit{"%", Dimension::fraction, 0.01, ""},
};

struct Unit {
  std::string name;
  Dimension dimension = Dimension::number;
  double scale = 1;
  bool shown = true;
};

double prefix_scale(char prefix) {
  switch (prefix) {
    case 'n':
      return 1e-9;
    case 'u':
      return 1e-6;
    case 'm':
      return 1e-3;
    case 'c':
      return 1e-2;
    case 'k':
      return 1e3;
    case 'M':
      return 1e6;
    case 'G':
      return 1e9;
    case 'T':
      return 1e12;
    default:
      return 1e15;
  }
}

/// Whole powers of ten below 1 are divided by, not multiplied with: 3 ms must be 3/1000 exactly
/// as a reader of `0.003` gets it.
double scaled(double value, double scale) {
  const double inverse = std::round(1 / scale);
  if (scale < 1 && std::abs(inverse * scale - 1) < 1e-15) return value / inverse;
  return value * scale;
}

double unscaled(double value, double scale) {
  const double inverse = std::round(1 / scale);
  if (scale < 1 && std::abs(inverse * scale - 1) < 1e-15) return value * inverse;
  return value / scale;
}

std::vector<Unit> all_units() {
  std::vector<Unit> units;
  for (const NamedUnit& unit : kUnits) {
    const bool bare = std::string_view(unit.name) != "as";  // only mas and uas are in use
    if (bare) units.push_back({unit.name, unit.dimension, unit.scale, unit.shown});
    for (const char* prefix = unit.prefixes; *prefix; ++prefix)
      units.push_back({*prefix + std::string(unit.name), unit.dimension,
                       scaled(unit.scale, prefix_scale(*prefix)), unit.shown});
  }
  return units;
}

/// The unit of this name. A micro sign is read as u.
std::optional<Unit> find_unit(std::string_view name) {
  if (name.empty()) return Unit{};
  std::string plain(name);
  for (const char* micro : {"\xC2\xB5", "\xCE\xBC"})
    if (plain.starts_with(micro)) plain.replace(0, 2, "u");
  for (Unit& unit : all_units())
    if (unit.name == plain) return std::move(unit);
  return std::nullopt;
}

Unit declared_unit(std::string_view name) {
  auto unit = find_unit(name);
  if (!unit) throw std::logic_error("'" + std::string(name) + "' is not a unit");
  return *unit;
}

std::string words_of(Dimension dimension) {
  for (const DimensionWords& entry : kDimensionWords)
    if (entry.dimension == dimension) return entry.words;
  return {};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

[[noreturn]] void not_a_number(std::string_view text, const Unit& unit, std::string_view declared) {
  std::string hint = "write a number";
  if (unit.dimension != Dimension::number) hint += " in " + std::string(declared);
  throw QuantityError(QuantityError::Reason::not_a_number, "", hint,
                      "'" + std::string(text) + "' is not " + words_of(unit.dimension));
}

[[noreturn]] void unknown_unit(std::string_view name, const Unit& wanted,
                               std::string_view declared) {
  std::vector<std::string> near, far;
  for (const Unit& unit : all_units())
    (unit.dimension == wanted.dimension ? near : far).push_back(unit.name);
  std::string hint = did_you_mean(name, near);
  if (hint.empty() && wanted.dimension == Dimension::number) hint = did_you_mean(name, far);
  if (hint.empty() && !declared.empty()) hint = "the unit is " + std::string(declared);
  throw QuantityError(QuantityError::Reason::unknown_unit, std::string(name), hint,
                      "'" + std::string(name) + "' is not a unit");
}

[[noreturn]] void other_dimension(std::string_view text, const Unit& unit, const Unit& wanted,
                                  std::string_view declared) {
  std::string hint = "it must be " + words_of(wanted.dimension);
  if (!declared.empty()) hint += " in " + std::string(declared);
  throw QuantityError(QuantityError::Reason::other_dimension, unit.name, hint,
                      "'" + std::string(text) + "' is " + words_of(unit.dimension));
}

/// The number at the start of `text`; `rest` is what follows it. Nothing when there is none or
/// when it is out of a double's reach.
std::optional<double> leading_number(std::string_view text, std::string_view& rest) {
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const std::string_view unsigned_part = digits.starts_with('-') ? digits.substr(1) : digits;
  // from_chars would read "inf" and "nan", and a sign after a plus.
  if (unsigned_part.empty() || (digits.data() != text.data() && digits.starts_with('-')))
    return std::nullopt;
  const char first = unsigned_part.front();
  if (first != '.' && (first < '0' || first > '9')) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || !std::isfinite(value)) return std::nullopt;
  rest = trimmed(digits.substr(static_cast<std::size_t>(end - digits.data())));
  return value;
}

/// Text after a number that can only be a unit's name, right or wrong.
bool looks_like_unit(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  return std::isalpha(first) || first == '%' || first >= 0x80;
}

/// The unit of `name` where `wanted` is declared: bytes also take a bare prefix.
std::optional<Unit> find_unit_for(std::string_view name, const Unit& wanted) {
  if (wanted.dimension == Dimension::bytes && name.size() == 1 &&
      std::string_view("kMGTP").find(name[0]) != std::string_view::npos)
    return Unit{std::string(name), Dimension::bytes, prefix_scale(name[0]), false};
  return find_unit(name);
}

std::string significant(double value, int digits) {
  std::array<char, 40> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*g", digits, value);
  return buffer.data();
}

/// Hours, minutes and so on of a time of a minute or more, to its two largest parts.
std::string long_time(double seconds) {
  struct Part {
    double size;
    const char* name;
  };
  constexpr std::array parts{Part{86400, "d"}, Part{3600, "h"}, Part{60, "min"}, Part{1, "s"}};
  std::size_t first = 0;
  while (seconds < parts[first].size) ++first;
  const double lesser = parts[first + 1].size;
  seconds = std::round(seconds / lesser) * lesser;
  if (first > 0 && seconds >= parts[first - 1].size) --first;  // 59.9 min round up to 1 h
  const double whole = std::floor(seconds / parts[first].size);
  const double rest = std::round((seconds - whole * parts[first].size) / parts[first + 1].size);
  std::string text = significant(whole, 9) + " " + parts[first].name;
  if (rest > 0) text += " " + significant(rest, 9) + " " + parts[first + 1].name;
  return text;
}

}  // namespace

QuantityError::QuantityError(Reason reason, std::string unit, std::string hint,
                             const std::string& what)
    : std::invalid_argument(hint.empty() ? what : what + "; " + hint),
      reason_(reason),
      unit_(std::move(unit)),
      hint_(std::move(hint)) {}

QuantityError::~QuantityError() = default;

double parse_quantity(std::string_view text, std::string_view unit) {
  const Unit wanted = declared_unit(unit);
  text = trimmed(text);
  if (wanted.dimension == Dimension::angle) {
    const auto degrees = parse_sexagesimal(text);
    if (degrees) return unscaled(*degrees * kDegree, wanted.scale);
  }
  std::string_view rest;
  const auto number = leading_number(text, rest);
  if (!number || (!rest.empty() && !looks_like_unit(rest))) not_a_number(text, wanted, unit);
  if (rest.empty() || rest == unit) return *number;
  const auto given = find_unit_for(rest, wanted);
  if (!given) unknown_unit(rest, wanted, unit);
  if (given->dimension != wanted.dimension) other_dimension(text, *given, wanted, unit);
  const double value = unscaled(scaled(*number, given->scale), wanted.scale);
  if (!std::isfinite(value)) not_a_number(text, wanted, unit);
  return value;
}

std::string format_quantity(double value, std::string_view unit) {
  constexpr int kDigits = 5, kTimeDigits = 3;
  const Unit declared = declared_unit(unit);
  const double base = scaled(value, declared.scale);
  const double size = std::abs(base);
  const bool is_time = declared.dimension == Dimension::time;
  if (is_time && size >= 59.95 && std::isfinite(size))
    return (base < 0 ? "-" : "") + long_time(std::round(size));

  Unit best = declared;
  if (size > 0 && std::isfinite(size) && declared.dimension != Dimension::fraction) {
    const bool binary = declared.dimension == Dimension::bytes;
    double best_scale = 0;
    for (const Unit& candidate : all_units()) {
      if (candidate.dimension != declared.dimension || !candidate.shown) continue;
      if (binary && candidate.name != "B" && candidate.name.find('i') == std::string::npos)
        continue;
      if (candidate.name == "cm") continue;
      // Half a digit of grace, so that 999.999 kHz is shown as 1 MHz.
      if (candidate.scale <= size * (1 + 5e-6) && candidate.scale > best_scale) {
        best = candidate;
        best_scale = candidate.scale;
      }
    }
  }
  const double shown = best.name == unit ? value : unscaled(base, best.scale);
  const std::string number = significant(shown, is_time ? kTimeDigits : kDigits);
  return best.name.empty() ? number : number + " " + best.name;
}

std::string short_quantity(double value, std::string_view unit) {
  constexpr int kDigits = 12;
  const Unit declared = declared_unit(unit);
  const std::string plain = significant(value, kDigits);
  if (declared.name.empty()) return plain;
  std::string best = plain + " " + std::string(unit);
  if (value == 0 || !std::isfinite(value)) return best;
  // An exponent and a value below 1 are read worse than a few more digits.
  const auto cost = [](const std::string& number) {
    const std::size_t sign = number.starts_with('-') ? 1 : 0;
    return number.size() + (number.find('e') != std::string::npos ? 4 : 0) +
           (number.compare(sign, 2, "0.") == 0 ? 2 : 0);
  };
  std::size_t best_cost = cost(plain);
  double best_scale = declared.scale;
  const double base = scaled(value, declared.scale);
  for (const Unit& candidate : all_units()) {
    if (candidate.dimension != declared.dimension || !candidate.shown) continue;
    const std::string number = significant(unscaled(base, candidate.scale), kDigits);
    const std::size_t its_cost = cost(number);
    if (its_cost > best_cost || (its_cost == best_cost && candidate.scale <= best_scale)) continue;
    best_cost = its_cost;
    best_scale = candidate.scale;
    best = number + " " + candidate.name;
  }
  return best;
}

std::string exact_number(double value) {
  std::array<char, 40> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return std::string(buffer.data(), end);
}

bool is_unit(std::string_view unit) { return find_unit(unit).has_value(); }

std::vector<std::string> unit_names_for(std::string_view unit) {
  const Unit declared = declared_unit(unit);
  std::vector<std::string> names;
  if (declared.name.empty()) return names;
  for (const Unit& known : all_units())
    if (known.dimension == declared.dimension) names.push_back(known.name);
  if (declared.dimension == Dimension::bytes)
    for (const char prefix : std::string_view("kMGTP")) names.emplace_back(1, prefix);
  return names;
}

bool takes_sexagesimal(std::string_view unit) {
  return declared_unit(unit).dimension == Dimension::angle;
}

std::string unit_dimension(std::string_view unit) {
  return words_of(declared_unit(unit).dimension);
}

}  // namespace skymill
