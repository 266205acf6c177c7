// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/formats.
#pragma once

#include <stages/data/image.h>

#include <optional>
#include <string>

namespace skymill::radio {

inline constexpr double kDegPerRad = 57.295779513082320877;
inline constexpr double kArcsecPerRad = 3600 * kDegPerRad;
/// Both axes of a plane without a beam in the table BEAMS: no telescope has one as small, and
/// casacore opens no file whose table holds a beam of zero or NaN.
inline constexpr double kNoBeamArcsec = 1e-6;
inline constexpr double kLightSpeedMs = 299792458.0;

/// SPECSYS of a casacore frequency frame such as LSRK (FITS 4.0 table 24).
/// @throws Error kind description for a name that FITS does not know
std::string specsys_of_frame(const std::string& frame);
/// The inverse; nothing for an unknown word.
std::optional<std::string> frame_of_specsys(const std::string& specsys);

/// The FITS Stokes code: 1..4 for I Q U V, -1..-4 for RR LL RL LR, -5..-8 for XX YY XY YX.
/// @throws Error kind description for another name
int stokes_code(const std::string& stokes);
/// The inverse; nothing for an unknown code.
std::optional<std::string> stokes_of_code(int code);

/// RADESYS and, where it is needed, EQUINOX.
struct SkyFrame {
  std::string radesys;
  std::optional<double> equinox;
};
/// @throws Error kind description for a frame that is not equatorial
SkyFrame sky_frame(const std::string& casacore_frame);

/// A linear frequency axis: channel k is at first_hz + k * increment_hz.
struct LinearAxis {
  double first_hz = 0;
  double increment_hz = 0;
};
/// @throws Error kind description when channels leave the line by more than a thousandth of a
///   channel, or a single channel has no width
LinearAxis linear_axis(const ImageHeader& header);

/// `YYYY-MM-DDThh:mm:ss.ssssss` of MJD seconds.
std::string fits_date_text(double mjd_s);
/// MJD seconds of such a date, decimals and the time being optional; 0 when it cannot be read.
double date_mjd_s(const std::string& text);
/// DATE of the file: SOURCE_DATE_EPOCH when it is set, else now; to the second, UTC.
std::string file_date_text();

}  // namespace skymill::radio
