// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/geometry/earth_orientation.h>
#include <stages/geometry/earth_time.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

namespace skymill::radio {

namespace {

constexpr double kDay = 86400;
constexpr double kArcsec = 3.14159265358979323846 / 180 / 3600;
constexpr double kGapDays = 1.5;         // tables are daily; days farther apart leave a gap
constexpr double kWorthReporting = 0.1;  // arcsec

std::optional<double> number(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t+");
  if (begin == std::string_view::npos) return std::nullopt;
  text.remove_prefix(begin);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

EarthOrientation::Day make_day(double mjd, double x_arcsec, double y_arcsec, double ut1_utc_s,
                               bool predicted) {
  const double leap = tai_minus_utc_s(mjd * kDay, StalePolicy::nearest);
  return {mjd, x_arcsec * kArcsec, y_arcsec * kArcsec, ut1_utc_s - leap, predicted};
}

/// A line of finals2000A: columns 8-15 MJD, 17 flag, 19-27 x, 38-46 y, 58 flag, 59-68 UT1-UTC.
/// Nothing when a value is blank, as at the end of the predictions.
std::optional<EarthOrientation::Day> finals_line(std::string_view line) {
  if (line.size() < 68) return std::nullopt;
  const auto mjd = number(line.substr(7, 8)), x = number(line.substr(18, 9)),
             y = number(line.substr(37, 9)), ut1 = number(line.substr(58, 10));
  if (!mjd || !x || !y || !ut1) return std::nullopt;
  return make_day(*mjd, *x, *y, *ut1, line[16] != 'I' || line[57] != 'I');
}

bool is_finals(std::string_view line) {
  return line.size() >= 68 && (line[16] == 'I' || line[16] == 'P') && line[11] != ' ' &&
         line[12] == '.';
}

/// A line of the reduced format: MJD x y UT1-UTC dX dY flags, of which the last three may miss.
std::optional<EarthOrientation::Day> reduced_line(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < line.size();) {
    const auto begin = line.find_first_not_of(" \t\r", at);
    if (begin == std::string_view::npos) break;
    at = std::min(line.find_first_of(" \t\r", begin), line.size());
    words.push_back(line.substr(begin, at - begin));
  }
  if (words.size() < 4) return std::nullopt;
  const auto mjd = number(words[0]), x = number(words[1]), y = number(words[2]),
             ut1 = number(words[3]);
  if (!mjd || !x || !y || !ut1) return std::nullopt;
  const bool predicted = words.size() > 6 && words[6].find('P') != std::string_view::npos;
  return make_day(*mjd, *x, *y, *ut1, predicted);
}

}  // namespace

EarthOrientation EarthOrientation::read(const std::string& path) {
  std::ifstream in(path);
  if (!in) {
    throw Error(ErrorKind::input, "cannot read the table of Earth orientation '" + path + "'",
                "IERS publishes finals2000A.all");
  }
  std::vector<Day> days;
  std::string line;
  std::optional<bool> finals;
  for (int count = 1; std::getline(in, line); ++count) {
    if (line.find_first_not_of(" \t\r") == std::string::npos || line[0] == '#') continue;
    if (!finals) finals = is_finals(line);
    const auto day = *finals ? finals_line(line) : reduced_line(line);
    if (day && !days.empty() && day->mjd <= days.back().mjd) {
      throw Error(ErrorKind::input, Where{path, count, 0},
                  "dates of Earth orientation do not ascend");
    }
    if (day) {
      days.push_back(*day);
    } else if (!*finals) {
      throw Error(ErrorKind::input, Where{path, count, 0},
                  "a line of Earth orientation needs MJD, x, y and UT1-UTC");
    }
  }
  if (days.empty()) {
    throw Error(ErrorKind::input, "'" + path + "' has no Earth orientation",
                "give finals2000A.all, or lines of MJD, x, y, UT1-UTC");
  }
  return EarthOrientation(std::move(days), path);
}

EarthOrientation::EarthOrientation(std::vector<Day> days, std::string path)
    : days_(std::move(days)), path_(std::move(path)) {
  if (days_.empty()) throw Error(ErrorKind::input, "a table of Earth orientation without days");
}

std::size_t EarthOrientation::after(double mjd) const {
  const auto it = std::lower_bound(days_.begin(), days_.end(), mjd,
                                   [](const Day& day, double when) { return day.mjd < when; });
  return static_cast<std::size_t>(it - days_.begin());
}

bool EarthOrientation::covers(double mjd_utc_s) const {
  const double mjd = mjd_utc_s / kDay;
  const std::size_t next = after(mjd);
  if (next == days_.size()) return false;
  if (days_[next].mjd == mjd) return true;
  return next > 0 && days_[next].mjd - days_[next - 1].mjd < kGapDays;
}

Orientation EarthOrientation::at(double mjd_utc_s, StalePolicy policy) const {
  const double mjd = mjd_utc_s / kDay;
  const double leap = tai_minus_utc_s(mjd_utc_s, policy);
  const std::size_t next = after(mjd);
  Orientation result = covers(mjd_utc_s) ? inside(mjd, next) : outside(mjd, next, policy);
  result.ut1_utc_s += leap;
  if (!leap_seconds_known(mjd_utc_s)) {
    if (!result.degradation.empty()) result.degradation += "; ";
    result.degradation += "leap seconds of " + date_text(mjd) +
                          " are not known to this build; TAI-UTC = " + format_quantity(leap, "s") +
                          " was taken";
  }
  return result;
}

Orientation EarthOrientation::inside(double mjd, std::size_t next) const {
  const Day& b = days_[next];
  const Day& a = b.mjd == mjd ? b : days_[next - 1];
  const double part = b.mjd == a.mjd ? 0 : (mjd - a.mjd) / (b.mjd - a.mjd);
  Orientation result;
  result.pole_x_rad = a.pole_x_rad + part * (b.pole_x_rad - a.pole_x_rad);
  result.pole_y_rad = a.pole_y_rad + part * (b.pole_y_rad - a.pole_y_rad);
  result.ut1_utc_s = a.ut1_tai_s + part * (b.ut1_tai_s - a.ut1_tai_s);
  if (!a.predicted && !b.predicted) return result;
  // Published predictions: 1 ms at 10 days, 15 ms at 90 (calibration.md 6.3.1).
  const double ahead = std::max(0.0, mjd - last_measured_mjd());
  result.error_arcsec = 15.04 * 1e-3 * std::pow(ahead / 10, 1.23);
  if (result.error_arcsec > kWorthReporting) {
    result.degradation = "the table of Earth orientation '" + path_ +
                         "' has only a prediction for " + date_text(mjd) + ", " +
                         format_quantity(std::floor(ahead), "") +
                         " days after its last measured value; positions may be wrong by about " +
                         format_quantity(result.error_arcsec * kArcsec, "rad");
  }
  return result;
}

Orientation EarthOrientation::outside(double mjd, std::size_t next, StalePolicy policy) const {
  const bool before =
      next == days_.size() || (next > 0 && mjd - days_[next - 1].mjd < days_[next].mjd - mjd);
  const Day& nearest = days_[before ? next - 1 : next];
  const double off = std::abs(mjd - nearest.mjd);
  const std::string what = "the table of Earth orientation '" + path_ + "' (" + ranges(mjd) +
                           ") does not have " + date_text(mjd) + " (MJD " +
                           format_quantity(mjd, "") + ")";
  if (policy == StalePolicy::refuse) {
    throw Error(ErrorKind::input, what,
                "give a newer table with eop or SKYMILL_EOP (IERS publishes finals2000A.all); "
                "allow_stale_eop takes the nearest value");
  }
  Orientation result{nearest.pole_x_rad, nearest.pole_y_rad, nearest.ut1_tai_s, 0, {}};
  // A day is up to 1.5 ms longer than 86400 s; the pole moves by some 3 mas a day, 0.5" at most.
  result.error_arcsec = std::hypot(15.04 * 1.5e-3 * off, std::min(3e-3 * off, 0.5));
  result.degradation = what + "; that of " + date_text(nearest.mjd) +
                       " was taken, so that positions may be wrong by about " +
                       format_quantity(result.error_arcsec * kArcsec, "rad");
  return result;
}

Orientation EarthOrientation::worst(const std::vector<double>& mjd_utc_s) const {
  Orientation worst = at(mjd_utc_s.at(0), StalePolicy::nearest);
  for (const double time_s : mjd_utc_s) {
    Orientation other = at(time_s, StalePolicy::nearest);
    if (std::pair(!other.degradation.empty(), other.error_arcsec) >
        std::pair(!worst.degradation.empty(), worst.error_arcsec)) {
      worst = std::move(other);
    }
  }
  return worst;
}

double EarthOrientation::last_measured_mjd() const {
  const auto it =
      std::find_if(days_.rbegin(), days_.rend(), [](const Day& day) { return !day.predicted; });
  return it == days_.rend() ? 0 : it->mjd;
}

std::string EarthOrientation::ranges(double near_mjd) const {
  std::string all, nearest;
  std::size_t pieces = 0;
  double least = INFINITY;
  for (std::size_t begin = 0, end = 1; end <= days_.size(); ++end) {
    if (end < days_.size() && days_[end].mjd - days_[end - 1].mjd < kGapDays) continue;
    const double first = days_[begin].mjd, last = days_[end - 1].mjd;
    const std::string piece = date_text(first) + " to " + date_text(last);
    all += (all.empty() ? "" : ", ") + piece;
    const double off = std::max({first - near_mjd, near_mjd - last, 0.0});
    if (off < least) {
      least = off;
      nearest = piece;
    }
    begin = end;
    ++pieces;
  }
  if (pieces <= 3) return all;
  return std::to_string(pieces) + " pieces between " + date_text(first_mjd()) + " and " +
         date_text(last_mjd()) + ", such as " + nearest;
}

std::string EarthOrientation::description(double now_mjd) const {
  const double last = last_measured_mjd();
  std::string text = "'" + path_ + "' (" + ranges(now_mjd);
  if (last == 0) return text + "; all predicted)";
  text += "; measured to " + date_text(last) + ", ";
  const double age = std::floor(now_mjd - last);
  return text + (age >= 0 ? std::to_string(static_cast<long>(age)) + " days ago)"
                          : std::string("later than today)"));
}

std::string EarthOrientation::description() const {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  const double seconds = std::chrono::duration<double>(since_1970).count();
  return description(40587 + seconds / kDay);
}

}  // namespace skymill::radio
