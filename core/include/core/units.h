// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace skymill {

/// Why a text is not a quantity in the wanted unit; `what()` says it in words.
class SKYMILL_API QuantityError : public std::invalid_argument {
 public:
  enum class Reason {
    not_a_number,     ///< no number at the start, or not a finite one
    unknown_unit,     ///< the text after the number is no unit
    other_dimension,  ///< a unit, but of something else
  };

  QuantityError(Reason reason, std::string unit, std::string hint, const std::string& what);
  ~QuantityError() override;

  Reason reason() const noexcept { return reason_; }
  /// The unit as it was written; empty when there is none.
  const std::string& unit() const noexcept { return unit_; }
  /// What to write instead, such as `did you mean 'GHz'?`; may be empty.
  const std::string& hint() const noexcept { return hint_; }

 private:
  Reason reason_;
  std::string unit_;
  std::string hint_;
};

/// The value of `text` in `unit`; a bare number is already in `unit`.
///
/// Units: Hz, s (ms, us, min, h, d), m, m/s, rad (deg, arcmin, arcsec, mas), Jy, Jy/beam, K,
/// lambda, B (kB, MiB; also bare k, M, G), sigma, % and their usual prefixes; an empty `unit` takes
/// bare numbers only. Angles may also be sexagesimal: `12h30m49.4s`, `-26d05m10s`, `12:30:49`
/// (hours).
/// @throws QuantityError when the text is no finite number, or is of another dimension
/// @throws std::logic_error when `unit` itself is none
SKYMILL_API double parse_quantity(std::string_view text, std::string_view unit);

/// The value (in `unit`) for people: five digits and the prefix that suits, such as `1.42 GHz`,
/// `512 MiB`, `3 arcsec`, `2 min 5 s`.
SKYMILL_API std::string format_quantity(double value, std::string_view unit);

/// The value (in `unit`) in the unit that makes the shortest text without loss (to 12 digits);
/// `parse_quantity` reads it back. For defaults and ranges in messages and pages.
SKYMILL_API std::string short_quantity(double value, std::string_view unit);

/// The shortest decimal text that reads back as the same double.
SKYMILL_API std::string exact_number(double value);

/// Whether `unit` can be declared; the empty text can.
SKYMILL_API bool is_unit(std::string_view unit);

/// What the unit measures, in a word with its article: `a time`, `a frequency`.
SKYMILL_API std::string unit_dimension(std::string_view unit);

}  // namespace skymill
