// SPDX-License-Identifier: GPL-3.0-or-later
#include "fits_coordinates.h"

#include <core/error.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace skymill::radio {
namespace {

struct FramePair {
  std::string_view casacore;
  std::string_view fits;
};
constexpr std::array<FramePair, 9> kFrames{{{"TOPO", "TOPOCENT"},
                                            {"LSRK", "LSRK"},
                                            {"BARY", "BARYCENT"},
                                            {"LSRD", "LSRD"},
                                            {"GEO", "GEOCENTR"},
                                            {"GALACTO", "GALACTOC"},
                                            {"LGROUP", "LOCALGRP"},
                                            {"CMB", "CMBDIPOL"},
                                            {"REST", "SOURCE"}}};

struct StokesPair {
  std::string_view name;
  int code;
};
constexpr std::array<StokesPair, 12> kStokes{{{"I", 1},
                                              {"Q", 2},
                                              {"U", 3},
                                              {"V", 4},
                                              {"RR", -1},
                                              {"LL", -2},
                                              {"RL", -3},
                                              {"LR", -4},
                                              {"XX", -5},
                                              {"YY", -6},
                                              {"XY", -7},
                                              {"YX", -8}}};

constexpr double kUnixEpochMjdDays = 40587;
constexpr double kSecondsPerDay = 86400;
/// Of a channel; far below what any line width could show.
constexpr double kEquidistantTolerance = 1e-3;

std::string number_text(double value) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.12g", value);
  return text.data();
}

/// The largest distance of a channel from the line, and which channel it is.
std::pair<double, std::size_t> worst_distance(const std::vector<double>& freq_hz,
                                              double increment_hz) {
  std::pair<double, std::size_t> worst{0, 0};
  for (std::size_t k = 0; k < freq_hz.size(); ++k) {
    const double off = std::abs(freq_hz[k] - (freq_hz[0] + static_cast<double>(k) * increment_hz));
    if (!(off <= worst.first)) worst = {off, k};
  }
  return worst;
}

using Microseconds = std::chrono::sys_time<std::chrono::microseconds>;

std::string iso_text(Microseconds time, bool with_microseconds) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<std::chrono::microseconds> clock(time - day);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  std::string whole = text.data();
  if (!with_microseconds) return whole;
  std::snprintf(text.data(), text.size(), ".%06d", static_cast<int>(clock.subseconds().count()));
  return whole + text.data();
}

}  // namespace

std::string specsys_of_frame(const std::string& frame) {
  for (const auto& pair : kFrames) {
    if (pair.casacore == frame) return std::string(pair.fits);
  }
  throw Error(ErrorKind::description, "FITS has no word for the frequency frame '" + frame + "'",
              "use TOPO, LSRK, BARY, LSRD, GEO, GALACTO, LGROUP, CMB or REST");
}

std::optional<std::string> frame_of_specsys(const std::string& specsys) {
  for (const auto& pair : kFrames) {
    if (pair.fits == specsys) return std::string(pair.casacore);
  }
  return std::nullopt;
}

int stokes_code(const std::string& stokes) {
  for (const auto& pair : kStokes) {
    if (pair.name == stokes) return pair.code;
  }
  throw Error(ErrorKind::description, "FITS has no code for the Stokes parameter '" + stokes + "'",
              "use I, Q, U, V, or a correlation such as XX or RL");
}

std::optional<std::string> stokes_of_code(int code) {
  for (const auto& pair : kStokes) {
    if (pair.code == code) return std::string(pair.name);
  }
  return std::nullopt;
}

SkyFrame sky_frame(const std::string& casacore_frame) {
  if (casacore_frame == "J2000") return {"FK5", 2000.0};
  if (casacore_frame == "ICRS") return {"ICRS", std::nullopt};
  if (casacore_frame == "B1950") return {"FK4", 1950.0};
  throw Error(ErrorKind::description,
              "an image in the direction frame '" + casacore_frame +
                  "' cannot be written with the axes right ascension and declination",
              "use J2000 or ICRS");
}

LinearAxis linear_axis(const ImageHeader& header) {
  const auto& freq_hz = header.chan_freq_hz;
  if (freq_hz.empty() || freq_hz.size() != header.nchan) {
    throw Error(ErrorKind::description, "a cube of " + std::to_string(header.nchan) +
                                            " channels has " + std::to_string(freq_hz.size()) +
                                            " channel frequencies");
  }
  const double first_hz = freq_hz.front();
  if (freq_hz.size() == 1) {
    if (header.chan_width_hz == 0 || !std::isfinite(header.chan_width_hz)) {
      throw Error(ErrorKind::description, "the only channel of the image has no width",
                  "set the width of the channel; it becomes CDELT of the frequency axis");
    }
    return {first_hz, header.chan_width_hz};
  }
  const double mean_hz = (freq_hz.back() - first_hz) / static_cast<double>(freq_hz.size() - 1);
  // The caller's own increment gives the frequencies back exactly; a mean may round otherwise.
  const auto stated = worst_distance(freq_hz, header.chan_width_hz);
  const auto fitted = worst_distance(freq_hz, mean_hz);
  const bool use_stated = header.chan_width_hz != 0 && stated.first <= fitted.first;
  const auto worst = use_stated ? stated : fitted;
  if (mean_hz == 0 || !(worst.first <= kEquidistantTolerance * std::abs(mean_hz))) {
    throw Error(ErrorKind::description,
                "the channel frequencies are not equidistant: channel " +
                    std::to_string(worst.second) + " is " + number_text(worst.first) +
                    " Hz off a line with steps of " + number_text(mean_hz) +
                    " Hz, which CRVAL and CDELT of a FITS image cannot express",
                "make the cube on an equidistant frequency grid, or write it as a CASA image");
  }
  return {first_hz, use_stated ? header.chan_width_hz : mean_hz};
}

std::string fits_date_text(double mjd_s) {
  const double unix_s = mjd_s - kUnixEpochMjdDays * kSecondsPerDay;
  return iso_text(Microseconds(std::chrono::microseconds(std::llround(unix_s * 1e6))), true);
}

double date_mjd_s(const std::string& text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  double second = 0;
  const int read = std::sscanf(text.c_str(), "%4d-%2u-%2uT%2d:%2d:%lf", &year, &month, &day, &hour,
                               &minute, &second);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if ((read != 3 && read != 6) || !date.ok()) return 0;
  const double days = static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count()) +
                      kUnixEpochMjdDays;
  return days * kSecondsPerDay + hour * 3600.0 + minute * 60.0 + second;
}

std::string file_date_text() {
  if (const char* epoch = std::getenv("SOURCE_DATE_EPOCH")) {
    char* end = nullptr;
    const long long seconds = std::strtoll(epoch, &end, 10);
    if (end != epoch && *end == '\0') {
      return iso_text(Microseconds(std::chrono::seconds(seconds)), false);
    }
  }
  const auto now = std::chrono::system_clock::now();
  return iso_text(std::chrono::floor<std::chrono::microseconds>(now), false);
}

}  // namespace skymill::radio
