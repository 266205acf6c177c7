// SPDX-License-Identifier: GPL-3.0-or-later
#include "fits_coordinates.h"
#include "fits_cube.h"
#include "fits_file.h"

#include <core/error.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>
#include <utility>

namespace skymill::radio {
namespace {

constexpr int kMostAxes = 4;

/// The file's length, once it is clear that it begins like FITS.
std::uintmax_t length_of_fits(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::error_code problem;
  const auto bytes = std::filesystem::file_size(path, problem);
  if (!stream || problem) {
    throw Error(ErrorKind::input,
                "cannot read '" + path + "': it is missing, not a file or not readable");
  }
  char start[9] = {};
  stream.read(start, 8);
  if (std::strcmp(start, "SIMPLE  ") != 0) {
    throw Error(ErrorKind::input,
                "'" + path + "' is not a FITS file: it does not begin with SIMPLE",
                "a compressed file has to be unpacked first");
  }
  return bytes;
}

std::string trimmed(std::string text) {
  const auto blank = [](char c) { return c == ' ' || c == '\0'; };
  while (!text.empty() && blank(text.back())) text.pop_back();
  const auto first = text.find_first_not_of(' ');
  return first == std::string::npos ? std::string{} : text.substr(first);
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// Rounded, and bounded because the value comes from a file that may be damaged.
int small_integer(double value) {
  constexpr double kBound = 1e6;
  return std::isnan(value) ? 0 : static_cast<int>(std::lround(std::clamp(value, -kBound, kBound)));
}

/// Keywords of the current header; a missing or empty one is nothing.
class Header {
 public:
  explicit Header(FitsFile& file) : file_(file) {}

  std::optional<double> number(const std::string& key) const {
    double value = 0;
    const int status = file_.attempt(fits_read_key_dbl, key.c_str(), &value, nullptr);
    if (status == KEY_NO_EXIST || status == VALUE_UNDEFINED) return std::nullopt;
    if (status != 0) file_.fail(("read the keyword " + key).c_str(), status, 0);
    return value;
  }
  double number(const std::string& key, double otherwise) const {
    return number(key).value_or(otherwise);
  }
  int integer(const std::string& key, int otherwise) const {
    return small_integer(number(key, otherwise));
  }

  std::string text(const std::string& key) const {
    char* value = nullptr;
    const int status = file_.attempt(fits_read_key_longstr, key.c_str(), &value, nullptr);
    if (status != 0 || value == nullptr) return {};
    std::string copy = value;
    int freed = 0;
    fits_free_memory(value, &freed);
    return trimmed(copy);
  }

  std::vector<std::string> history() const {
    std::vector<std::string> lines;
    int cards = 0;
    file_.call("read the header", fits_get_hdrspace, &cards, nullptr);
    for (int i = 1; i <= cards; ++i) {
      char card[FLEN_CARD] = {};
      file_.call("read the header", fits_read_record, i, card);
      if (std::strncmp(card, "HISTORY ", 8) == 0) lines.push_back(trimmed(card + 8));
    }
    return lines;
  }

 private:
  FitsFile& file_;
};

struct Axis {
  std::string type;
  double value = 0;
  double increment = 1;
  double reference_pixel = 1;
  std::string unit;
};

Axis read_axis(const Header& keys, int number_from_1) {
  const std::string n = std::to_string(number_from_1);
  return {upper(keys.text("CTYPE" + n)), keys.number("CRVAL" + n, 0), keys.number("CDELT" + n, 1),
          keys.number("CRPIX" + n, 1), upper(keys.text("CUNIT" + n))};
}

std::string casacore_direction_frame(const Header& keys) {
  const std::string radesys = upper(keys.text("RADESYS"));
  const double equinox = keys.number("EQUINOX", keys.number("EPOCH", 0));
  if (radesys == "ICRS" || (radesys.empty() && equinox == 0)) return "ICRS";
  const bool old = radesys.empty() ? equinox < 1984 : radesys.rfind("FK4", 0) == 0;
  return old ? "B1950" : "J2000";
}

std::string casacore_frequency_frame(const Header& keys) {
  const std::string specsys = upper(keys.text("SPECSYS"));
  if (!specsys.empty()) return frame_of_specsys(specsys).value_or("");
  switch (keys.integer("VELREF", 0) & 255) {
    case 1:
      return "LSRK";
    case 2:
      return "BARY";
    case 3:
      return "TOPO";
    default:
      return "";
  }
}

double hz_of_unit(const std::string& unit) {
  if (unit == "GHZ") return 1e9;
  if (unit == "MHZ") return 1e6;
  if (unit == "KHZ") return 1e3;
  return 1;
}

}  // namespace

struct FitsCubeReader::Impl {
  explicit Impl(const std::filesystem::path& where)
      : path(where.string()), length(length_of_fits(path)), file(FitsFile::open(path)) {}

  [[noreturn]] void refuse(const std::string& why, const std::string& hint = {}) const {
    throw Error(ErrorKind::input, "'" + path + "' " + why, hint);
  }

  /// Goes to the first extension that holds an image.
  void find_image() {
    int hdus = 0;
    const int status = file.attempt(fits_get_num_hdus, &hdus);
    if (status != 0) refuse("is truncated or damaged: its extensions cannot be listed");
    for (image_hdu = 1; image_hdu <= hdus; ++image_hdu) {
      file.call("find the image", fits_movabs_hdu, image_hdu, nullptr);
      int type = 0;
      file.call("find the image", fits_get_hdu_type, &type);
      if (type != IMAGE_HDU) continue;
      file.call("find the image", fits_get_img_dim, &axes);
      if (axes >= 2) return;
    }
    refuse("holds no image");
  }

  void read_sizes() {
    file.call("read the axes", fits_get_img_dim, &axes);
    file.call("read the axes", fits_get_img_type, &bitpix);
    if (axes > kMostAxes) refuse("has " + std::to_string(axes) + " axes instead of 2 to 4");
    file.call("read the axes", fits_get_img_sizell, kMostAxes, sizes);
    double pixels = 1;
    for (int i = 0; i < axes; ++i) {
      if (sizes[i] < 1) refuse("has an axis without pixels");
      pixels *= static_cast<double>(sizes[i]);
    }
    // Sizes come from the file: the product is taken in floating point, which cannot wrap.
    LONGLONG data_start = 0;
    file.call("read the axes", fits_get_hduaddrll, nullptr, &data_start, nullptr);
    const double needed = static_cast<double>(data_start) + pixels * std::abs(bitpix) / 8;
    if (fits_is_compressed() || needed <= static_cast<double>(length)) return;
    refuse("is truncated: the header announces " + std::to_string(std::llround(needed)) +
               " bytes, the file has " + std::to_string(length),
           "fetch or make it again");
  }

  bool fits_is_compressed() {
    const auto found = Header(file).number("ZNAXIS");
    return found.has_value();
  }

  void read_header() {
    const Header keys(file);
    header.nx = static_cast<std::size_t>(sizes[0]);
    header.ny = static_cast<std::size_t>(sizes[1]);
    read_directions(keys);
    const int last_axis = std::clamp(keys.integer("WCSAXES", axes), axes, kMostAxes);
    read_spectrum(keys, last_axis);
    read_stokes(keys, last_axis);
    require_all_axes_known(keys);

    unit = keys.text("BUNIT");
    header.telescope = keys.text("TELESCOP");
    header.observer = keys.text("OBSERVER");
    header.object = keys.text("OBJECT");
    header.date_obs_mjd_s = date_mjd_s(keys.text("DATE-OBS"));
    header.telescope_position_m = {keys.number("OBSGEO-X", 0), keys.number("OBSGEO-Y", 0),
                                   keys.number("OBSGEO-Z", 0)};
    header.history = keys.history();
    read_header_beam(keys);
  }

  void read_directions(const Header& keys) {
    const Axis ra = read_axis(keys, 1);
    const Axis dec = read_axis(keys, 2);
    if (ra.type.rfind("RA--", 0) != 0 || dec.type.rfind("DEC-", 0) != 0) {
      refuse("has the axes '" + ra.type + "' and '" + dec.type +
             "' where right ascension and declination belong");
    }
    const bool sine = ra.type == "RA---SIN" && dec.type == "DEC--SIN";
    if (!sine || keys.number("PV2_1", 0) != 0 || keys.number("PV2_2", 0) != 0) {
      refuse("has the projection " + ra.type + ", " + dec.type +
                 "; Skymill images have the orthographic one, SIN",
             "regrid it to SIN first");
    }
    constexpr double kNoRotation = 1e-9;
    const double turns = std::abs(keys.number("CROTA2", 0)) + std::abs(keys.number("PC1_2", 0)) +
                         std::abs(keys.number("PC2_1", 0)) + std::abs(keys.number("CD1_2", 0)) +
                         std::abs(keys.number("CD2_1", 0));
    if (turns > kNoRotation) {
      refuse("is rotated against right ascension and declination", "regrid it first");
    }
    for (const Axis* axis : {&ra, &dec}) {
      if (axis->unit.empty() || axis->unit.rfind("DEG", 0) == 0) continue;
      refuse("gives directions in '" + axis->unit + "' instead of degrees");
    }
    header.cell_x_rad = keys.number("CD1_1", ra.increment * keys.number("PC1_1", 1)) / kDegPerRad;
    header.cell_y_rad = keys.number("CD2_2", dec.increment * keys.number("PC2_2", 1)) / kDegPerRad;
    header.phase_centre = {ra.value / kDegPerRad, dec.value / kDegPerRad,
                           casacore_direction_frame(keys)};
    reference = {ra.reference_pixel - 1, dec.reference_pixel - 1};
  }

  void read_spectrum(const Header& keys, int last_axis) {
    header.rest_freq_hz = keys.number("RESTFRQ", keys.number("RESTFREQ", 0));
    header.spectral_frame = casacore_frequency_frame(keys);
    header.nchan = 1;
    header.chan_freq_hz = {0};
    for (int i = 3; i <= last_axis; ++i) {
      Axis axis = read_axis(keys, i);
      const bool frequency = axis.type == "FREQ";
      const bool radio_velocity = axis.type == "VRAD" || (axis.type.rfind("VELO", 0) == 0 &&
                                                          keys.integer("VELREF", 0) >= 256);
      if (!frequency && !radio_velocity) continue;
      if (frequency) {
        axis.value *= hz_of_unit(axis.unit);
        axis.increment *= hz_of_unit(axis.unit);
      } else {
        to_frequency(axis);
      }
      if (i <= axes) {
        frequency_axis = i - 1;
        header.nchan = static_cast<std::size_t>(sizes[i - 1]);
      }
      header.chan_width_hz = axis.increment;
      header.chan_freq_hz.resize(header.nchan);
      for (std::size_t k = 0; k < header.nchan; ++k) {
        const double step = static_cast<double>(k) + 1 - axis.reference_pixel;
        header.chan_freq_hz[k] = axis.value + step * axis.increment;
      }
      return;
    }
  }

  /// Radio velocity is linear in frequency: v = c (1 - ν/ν0).
  void to_frequency(Axis& axis) const {
    if (!(header.rest_freq_hz > 0)) {
      refuse("has an axis of velocity but no rest frequency (RESTFRQ)");
    }
    const double ms = axis.unit == "KM/S" ? 1e3 : 1;
    axis.value = header.rest_freq_hz * (1 - axis.value * ms / kLightSpeedMs);
    axis.increment = -header.rest_freq_hz * axis.increment * ms / kLightSpeedMs;
  }

  void read_stokes(const Header& keys, int last_axis) {
    stokes = {"I"};
    for (int i = 3; i <= last_axis; ++i) {
      const Axis axis = read_axis(keys, i);
      if (axis.type != "STOKES") continue;
      if (i <= axes) stokes_axis = i - 1;
      const LONGLONG planes = i <= axes ? sizes[i - 1] : 1;
      if (planes > 12) refuse("announces " + std::to_string(planes) + " Stokes planes");
      stokes.clear();
      for (LONGLONG k = 0; k < planes; ++k) {
        const double step = static_cast<double>(k) + 1 - axis.reference_pixel;
        const int code = small_integer(axis.value + step * axis.increment);
        const auto name = stokes_of_code(code);
        if (!name) refuse("has the unknown Stokes code " + std::to_string(code));
        stokes.push_back(*name);
      }
      break;
    }
    header.stokes = stokes.front();
  }

  void require_all_axes_known(const Header& keys) const {
    for (int i = 2; i < axes; ++i) {
      if (i == frequency_axis || i == stokes_axis || sizes[i] == 1) continue;
      refuse("has the axis '" + read_axis(keys, i + 1).type + "', neither frequency nor Stokes");
    }
  }

  void read_header_beam(const Header& keys) {
    const Beam beam{keys.number("BMAJ", 0) / kDegPerRad, keys.number("BMIN", 0) / kDegPerRad,
                    keys.number("BPA", 0) / kDegPerRad};
    beams.assign(header.nchan, beam.valid() ? beam : Beam{});
  }

  void read_beam_table() {
    char name[] = "BEAMS";
    if (file.attempt(fits_movnam_hdu, BINARY_TBL, name, 0) != 0) return;
    constexpr const char* kDoing = "read the table of beams";
    LONGLONG rows = 0;
    file.call(kDoing, fits_get_num_rowsll, &rows);
    const std::vector<double> major = beam_column("BMAJ", rows, "ARCSEC");
    const std::vector<double> minor = beam_column("BMIN", rows, "ARCSEC");
    const std::vector<double> angle = beam_column("BPA", rows, "DEG");
    const std::vector<double> chan = beam_column("CHAN", rows, "");
    const std::vector<double> pol = beam_column("POL", rows, "");
    for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
      const double k = chan[row];
      if (pol[row] != 0 || !(k >= 0 && k < static_cast<double>(beams.size()))) continue;
      const Beam beam{major[row], minor[row], angle[row]};
      const bool known = beam.valid() && beam.major_rad * kArcsecPerRad > 2 * kNoBeamArcsec;
      beams[static_cast<std::size_t>(k)] = known ? beam : Beam{};
    }
    file.call(kDoing, fits_movabs_hdu, image_hdu, nullptr);
  }

  /// One column, angles in radians; without TUNIT they are in `usual_unit`.
  std::vector<double> beam_column(const char* name, LONGLONG rows, const std::string& usual_unit) {
    constexpr const char* kDoing = "read the table of beams";
    // Bounded by the file, so that a damaged row count cannot ask for all memory.
    if (rows < 0 || static_cast<std::uintmax_t>(rows) > length) {
      refuse("announces " + std::to_string(rows) + " beams");
    }
    int column = 0;
    file.call(kDoing, fits_get_colnum, CASEINSEN, const_cast<char*>(name), &column);
    std::vector<double> values(static_cast<std::size_t>(rows));
    int any_missing = 0;  // cfitsio writes it although its manual calls it optional
    file.call(kDoing, fits_read_col_dbl, column, 1LL, 1LL, rows,
              std::numeric_limits<double>::quiet_NaN(), values.data(), &any_missing);
    std::string found = upper(Header(file).text("TUNIT" + std::to_string(column)));
    if (found.empty()) found = usual_unit;
    const double per_rad = found == "ARCSEC" ? kArcsecPerRad : found == "DEG" ? kDegPerRad : 1;
    for (double& value : values) value /= per_rad;
    return values;
  }

  void read_plane(std::size_t chan, std::size_t stokes_index, float* pixels) {
    LONGLONG first[kMostAxes] = {1, 1, 1, 1};
    if (frequency_axis > 0) first[frequency_axis] = static_cast<LONGLONG>(chan) + 1;
    if (stokes_axis > 0) first[stokes_axis] = static_cast<LONGLONG>(stokes_index) + 1;
    const auto count = static_cast<LONGLONG>(header.nx * header.ny);
    // Only integers need a blank value. Asking for one makes cfitsio flush tiny floats to zero.
    float blank = std::numeric_limits<float>::quiet_NaN();
    void* const blank_value = bitpix > 0 ? &blank : nullptr;
    int any_blank = 0;
    file.call("read the pixels", fits_read_pixll, TFLOAT, first, count, blank_value, pixels,
              &any_blank);
  }

  std::string path;
  std::uintmax_t length;
  FitsFile file;
  int image_hdu = 1;
  int axes = 0;
  int bitpix = 0;
  LONGLONG sizes[kMostAxes] = {1, 1, 1, 1};
  int frequency_axis = -1;  ///< from 0; -1 = none
  int stokes_axis = -1;
  ImageHeader header;
  std::string unit;
  std::vector<Beam> beams;
  std::vector<std::string> stokes;
  std::array<double, 2> reference{};
};

FitsCubeReader::FitsCubeReader(const std::filesystem::path& path)
    : impl_(std::make_unique<Impl>(path)) {
  impl_->find_image();
  impl_->read_sizes();
  impl_->read_header();
  impl_->read_beam_table();
}

FitsCubeReader::~FitsCubeReader() = default;
FitsCubeReader::FitsCubeReader(FitsCubeReader&&) noexcept = default;
FitsCubeReader& FitsCubeReader::operator=(FitsCubeReader&&) noexcept = default;

const ImageHeader& FitsCubeReader::header() const { return impl_->header; }
const std::string& FitsCubeReader::unit() const { return impl_->unit; }
const std::vector<Beam>& FitsCubeReader::beams() const { return impl_->beams; }
const std::vector<std::string>& FitsCubeReader::stokes() const { return impl_->stokes; }
std::array<double, 2> FitsCubeReader::reference_pixel() const { return impl_->reference; }

void FitsCubeReader::read_plane(std::size_t chan, float* pixels, std::size_t stokes_index) const {
  if (chan >= impl_->header.nchan || stokes_index >= impl_->stokes.size()) {
    throw Error(ErrorKind::input, "'" + impl_->path + "' has no plane of channel " +
                                      std::to_string(chan) + " and Stokes plane " +
                                      std::to_string(stokes_index) + "; it has " +
                                      std::to_string(impl_->header.nchan) + " channels and " +
                                      std::to_string(impl_->stokes.size()) + " Stokes planes");
  }
  impl_->read_plane(chan, stokes_index, pixels);
}

}  // namespace skymill::radio
