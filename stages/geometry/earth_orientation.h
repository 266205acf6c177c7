// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace skymill::radio {

/// How the Earth was turned at a moment.
struct Orientation {
  double pole_x_rad = 0;  ///< polar motion x
  double pole_y_rad = 0;  ///< polar motion y
  double ut1_utc_s = 0;
  double error_arcsec = 0;  ///< estimated, of directions; 0 where the table has measured values
  /// What to report; not empty when the date is not in the table, when leap seconds of that date
  /// are not known, or when the table predicts so far ahead that the error is above 0.1 arcsec.
  std::string degradation;
};

/// What to do with a date that the table of Earth orientation does not have.
enum class StalePolicy {
  refuse,   ///< throw
  nearest,  ///< take the nearest value and say so in `Orientation::degradation`
};

/// Polar motion and UT1-UTC by date (calibration.md 6.3.1), immutable once read.
///
/// Two formats are read: IERS `finals2000A` (fixed columns), and text lines of
/// `MJD x["] y["] UT1-UTC[s] dX[mas] dY[mas] flags`, `#` starting comments. Celestial pole offsets
/// are not kept: they move directions by less than 0.3 mas.
class EarthOrientation {
 public:
  /// One day's values.
  struct Day {
    double mjd = 0;  ///< UTC, days
    double pole_x_rad = 0;
    double pole_y_rad = 0;
    double ut1_tai_s = 0;  ///< leap seconds removed, so that it is continuous
    bool predicted = false;
  };

  /// Reads a table. @throws Error (input) when it is missing or unreadable
  static EarthOrientation read(const std::string& path);

  /// The table to use: `path` when given, else the file that SKYMILL_EOP names, else
  /// `finals2000A.all` or the excerpt in share/skymill/eop beside the library's prefix.
  /// @throws Error (input) when there is none
  static EarthOrientation find(const std::string& path = {});

  /// @param days at least one, in order of date
  EarthOrientation(std::vector<Day> days, std::string path);

  /// Values at a moment, linear between days of UT1-TAI.
  /// @throws Error (input), naming table, its range and the date, when the date is outside (or in
  ///         a gap of) the table and `policy` is `refuse`
  Orientation at(double mjd_utc_s, StalePolicy policy = StalePolicy::refuse) const;

  /// Whether `at` has a value without taking the nearest.
  bool covers(double mjd_utc_s) const;

  /// The worst values of those moments, the nearest where the table has none: their `degradation`
  /// and `error_arcsec` are what a run over all moments has to report.
  /// @param mjd_utc_s at least one
  Orientation worst(const std::vector<double>& mjd_utc_s) const;

  const std::string& path() const { return path_; }
  double first_mjd() const { return days_.front().mjd; }
  double last_mjd() const { return days_.back().mjd; }
  /// The last day with measured values; 0 when all are predicted.
  double last_measured_mjd() const;

  /// The table in words: its path, the dates that it has, and how long before `now_mjd` its
  /// measured values end.
  std::string description(double now_mjd) const;
  /// The same, as of today.
  std::string description() const;

 private:
  std::size_t after(double mjd) const;
  /// Between two days, of which one is `days_[next]`.
  Orientation inside(double mjd, std::size_t next) const;
  /// Of the nearest day.
  Orientation outside(double mjd, std::size_t next, StalePolicy policy) const;
  std::string ranges(double near_mjd) const;

  std::vector<Day> days_;
  std::string path_;
};

/// `2026-08-13` for a modified Julian date.
std::string date_text(double mjd);

}  // namespace skymill::radio
