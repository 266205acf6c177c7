// SPDX-License-Identifier: GPL-3.0-or-later
#include "fits_header.h"

#include "fits_coordinates.h"

#include <cmath>

namespace skymill::radio {
namespace {

constexpr const char* kDoing = "write the header";

/// Writes keywords one by one; empty texts are left out.
class Keywords {
 public:
  explicit Keywords(FitsFile& file) : file_(file) {}

  void text(const char* key, const std::string& value, const char* comment = nullptr) {
    const std::string safe = fits_text(value);
    if (safe.empty()) return;
    file_.call(kDoing, fits_write_key_longstr, key, safe.c_str(), comment);
  }
  /// 17 digits, so that a double comes back as it was.
  void number(const char* key, double value, const char* comment = nullptr) {
    file_.call(kDoing, fits_write_key_dbl, key, value, 16, comment);
  }
  void integer(const char* key, long long value, const char* comment = nullptr) {
    file_.call(kDoing, fits_write_key_lng, key, value, comment);
  }

  struct Axis {
    const char* type;
    double value;
    double increment;
    double reference_pixel;
    const char* unit;
  };
  void axis(int number_from_1, const Axis& axis) {
    const std::string n = std::to_string(number_from_1);
    text(("CTYPE" + n).c_str(), axis.type);
    number(("CRVAL" + n).c_str(), axis.value);
    number(("CDELT" + n).c_str(), axis.increment);
    number(("CRPIX" + n).c_str(), axis.reference_pixel);
    text(("CUNIT" + n).c_str(), axis.unit);
  }

 private:
  FitsFile& file_;
};

void write_axes(Keywords& keys, const ImageHeader& header, const LinearAxis& spectrum) {
  const double ra_deg = header.phase_centre.ra_rad * kDegPerRad;
  const double dec_deg = header.phase_centre.dec_rad * kDegPerRad;
  // Right ascension from 0 to 360 deg, as everybody expects it.
  const double ra_positive_deg = ra_deg < 0 ? ra_deg + 360 : ra_deg;
  keys.axis(1, {"RA---SIN", ra_positive_deg, header.cell_x_rad * kDegPerRad,
                static_cast<double>(header.nx / 2 + 1), "deg"});
  keys.axis(2, {"DEC--SIN", dec_deg, header.cell_y_rad * kDegPerRad,
                static_cast<double>(header.ny / 2 + 1), "deg"});
  keys.axis(3, {"FREQ", spectrum.first_hz, spectrum.increment_hz, 1, "Hz"});
  keys.axis(4, {"STOKES", static_cast<double>(stokes_code(header.stokes)), 1, 1, ""});
  keys.number("PV2_1", 0);
  keys.number("PV2_2", 0);
  keys.number("LONPOLE", 180);
  keys.number("LATPOLE", dec_deg);
  const SkyFrame frame = sky_frame(header.phase_centre.frame);
  keys.text("RADESYS", frame.radesys);
  if (frame.equinox) keys.number("EQUINOX", *frame.equinox);
}

void write_spectral_frame(Keywords& keys, const ImageHeader& header, const LinearAxis& spectrum) {
  const std::string& frame = header.spectral_frame;
  if (!frame.empty()) keys.text("SPECSYS", specsys_of_frame(frame), "spectral reference frame");
  if (!(header.rest_freq_hz > 0)) return;
  keys.number("RESTFRQ", header.rest_freq_hz, "rest frequency (Hz)");
  keys.number("ALTRVAL", kLightSpeedMs * (1 - spectrum.first_hz / header.rest_freq_hz),
              "radio velocity at ALTRPIX (m/s)");
  keys.number("ALTRPIX", 1);
  // AIPS convention: the frame, plus 256 for the radio definition of velocity.
  const int velref = frame == "LSRK" ? 1 : frame == "BARY" ? 2 : frame == "TOPO" ? 3 : 0;
  if (velref != 0) keys.integer("VELREF", 256 + velref, "1 LSRK, 2 BARY, 3 TOPO, +256 radio");
}

void write_observation(Keywords& keys, const ImageHeader& header) {
  keys.text("OBJECT", header.object);
  keys.text("TELESCOP", header.telescope);
  keys.text("INSTRUME", header.telescope);
  keys.text("OBSERVER", header.observer);
  if (header.date_obs_mjd_s > 0) {
    keys.text("DATE-OBS", fits_date_text(header.date_obs_mjd_s));
    keys.number("MJD-OBS", header.date_obs_mjd_s / 86400);
    // TIMESYS is left to its default, UTC: astropy 5.2 fails on the key in capitals, as FITS has
    // it.
  }
  keys.number("OBSRA", header.phase_centre.ra_rad * kDegPerRad);
  keys.number("OBSDEC", header.phase_centre.dec_rad * kDegPerRad);
  const auto& position_m = header.telescope_position_m;
  if (std::hypot(position_m[0], position_m[1], position_m[2]) > 0) {
    keys.number("OBSGEO-X", position_m[0], "m, ITRF");
    keys.number("OBSGEO-Y", position_m[1], "m, ITRF");
    keys.number("OBSGEO-Z", position_m[2], "m, ITRF");
  }
}

}  // namespace

std::string fits_text(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80) continue;  // the rest of a UTF-8 character already replaced
    if (byte >= 32 && byte < 127) {
      safe += c;
    } else {
      safe += byte < 32 ? ' ' : '?';
    }
  }
  return safe;
}

void write_image_header(FitsFile& file, const ImageHeader& header, const ProductKind& kind) {
  const LinearAxis spectrum = linear_axis(header);
  Keywords keys(file);
  keys.text("BTYPE", "Intensity");
  keys.text("BUNIT", kind.unit, "brightness unit");
  write_axes(keys, header, spectrum);
  write_spectral_frame(keys, header, spectrum);
  write_observation(keys, header);
  keys.text("DATE", file_date_text(), "when this file was written");
  keys.text("ORIGIN", "Skymill");
  for (const std::string& line : header.history) {
    const std::string safe = fits_text(line);
    file.call(kDoing, fits_write_history, safe.c_str());
  }
}

}  // namespace skymill::radio
