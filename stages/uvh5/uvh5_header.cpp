// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/geometry/earth_time.h>
#include <stages/uvh5/uvh5_header.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "header_parts.h"

namespace skymill::radio {

namespace {

constexpr double kPi = 3.14159265358979323846;

/// The subbands of the DSA-110: 384 raw channels each, downwards from channel 1024 (dsa110.md 1.3).
constexpr double kRawWidthHz = 30517.578125;
constexpr double kTopEdgeHz = 1.53e9 - (1024 - 0.5) * kRawWidthHz;
constexpr int kSubbands = 16;

struct PolarizationCode {
  int aips;
  int stokes;
};
constexpr PolarizationCode kCodes[] = {{-1, 5}, {-2, 8},  {-3, 6},  {-4, 7},
                                       {-5, 9}, {-6, 12}, {-7, 10}, {-8, 11}};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void require_size(const hdf5::File& file, const std::string& name, std::size_t has,
                  const std::string& count_name, std::size_t wanted) {
  if (has == wanted) return;
  file.refuse("has " + std::to_string(has) + " values in 'Header/" + name + "' but says " +
              count_name + " = " + std::to_string(wanted));
}

GeodeticPosition parse_position(const hdf5::File& file) {
  const auto frame = file.maybe_text("Header/telescope_frame");
  if (frame && lower(*frame) != "itrs") {
    file.refuse("is of a telescope in the frame '" + *frame + "'",
                "only places on Earth are known");
  }
  double latitude = file.real("Header/latitude");
  double longitude = file.real("Header/longitude");
  // Degrees by the format. Both this small would be a place in the Gulf of Guinea: they are
  // radians.
  const bool radians = std::abs(latitude) <= kPi / 2 && std::abs(longitude) <= kPi;
  const double unit = radians ? 1 : kPi / 180;
  const GeodeticPosition position{longitude * unit, latitude * unit, file.real("Header/altitude")};
  if (!(std::abs(position.latitude_rad) <= kPi / 2) || !std::isfinite(position.longitude_rad) ||
      !std::isfinite(position.height_m)) {
    file.refuse("says latitude " + std::to_string(latitude) + ", longitude " +
                std::to_string(longitude) + ", which is no place on Earth");
  }
  return position;
}

void parse_antennas(const hdf5::File& file, Uvh5Header& header) {
  const std::size_t count = count_of(file, "Nants_telescope");
  const auto names = file.texts("Header/antenna_names");
  const auto offsets = file.reals("Header/antenna_positions");
  header.antenna_numbers = file.integers("Header/antenna_numbers");
  require_size(file, "antenna_names", names.size(), "Nants_telescope", count);
  require_size(file, "antenna_numbers", header.antenna_numbers.size(), "Nants_telescope", count);
  require_size(file, "antenna_positions", offsets.size(), "3 * Nants_telescope", 3 * count);
  auto numbers = header.antenna_numbers;
  std::sort(numbers.begin(), numbers.end());
  const auto twice = std::adjacent_find(numbers.begin(), numbers.end());
  if (twice != numbers.end()) {
    file.refuse("lists antenna number " + std::to_string(*twice) + " twice");
  }
  std::vector<double> diameters;
  if (file.has("Header/antenna_diameters")) diameters = file.reals("Header/antenna_diameters");
  if (diameters.size() == 1) diameters.assign(count, diameters.front());
  if (!diameters.empty()) {
    require_size(file, "antenna_diameters", diameters.size(), "Nants_telescope", count);
  }
  const auto centre = geocentric_m(header.position);
  for (std::size_t k = 0; k < count; ++k) {
    Antenna antenna;
    antenna.name = names[k].empty() ? std::to_string(header.antenna_numbers[k]) : names[k];
    antenna.station = antenna.name;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      antenna.position_m[axis] = centre[axis] + offsets[3 * k + axis];
    }
    if (!diameters.empty()) antenna.diameter_m = diameters[k];
    header.antennas.push_back(std::move(antenna));
  }
}

void parse_channels(const hdf5::File& file, Uvh5Header& header) {
  const std::size_t count = count_of(file, "Nfreqs");
  const std::size_t windows = file.has("Header/Nspws") ? count_of(file, "Nspws") : 1;
  if (windows != 1) {
    file.refuse("has " + std::to_string(windows) + " spectral windows in one",
                "write a file for each window");
  }
  header.freq_hz = file.reals("Header/freq_array");  // [Nfreqs] or [1][Nfreqs]
  require_size(file, "freq_array", header.freq_hz.size(), "Nfreqs", count);
  header.width_hz = file.reals("Header/channel_width");
  if (header.width_hz.size() == 1) header.width_hz.assign(count, header.width_hz.front());
  require_size(file, "channel_width", header.width_hz.size(), "Nfreqs", count);
  for (double& width : header.width_hz) width = std::abs(width);
  for (std::size_t c = 0; c < count; ++c) {
    const double freq = header.freq_hz[c];
    if (!(freq > 0) || !std::isfinite(freq) || !(header.width_hz[c] > 0)) {
      file.refuse("has channel " + std::to_string(c) + " at " + std::to_string(freq) + " Hz, " +
                  std::to_string(header.width_hz[c]) + " Hz wide");
    }
  }
}

void parse_polarizations(const hdf5::File& file, Uvh5Header& header) {
  const std::size_t count = count_of(file, "Npols");
  for (const std::int64_t code : file.integers("Header/polarization_array")) {
    header.polarizations.push_back(static_cast<int>(code));
  }
  require_size(file, "polarization_array", header.polarizations.size(), "Npols", count);
  for (const int code : header.polarizations) {
    const bool known = std::any_of(std::begin(kCodes), std::end(kCodes),
                                   [&](const PolarizationCode& c) { return c.aips == code; });
    if (known) continue;
    file.refuse("has polarization " + std::to_string(code) + ", no product of two feeds",
                "-1 to -8, such as -5 for XX, are known");
  }
}

/// Sizes that follow from others where a file claims that they do.
void check_counts(const hdf5::File& file, const Uvh5Header& header) {
  const char* const claim = "Header/blts_are_rectangular";
  const bool rectangular =
      file.has(claim) ? file.boolean(claim) : header.phasing == Phasing::meridian;
  if (rectangular && header.rows != header.times * header.baselines) {
    file.refuse("says Nblts = " + std::to_string(header.rows) +
                    ", but Nbls = " + std::to_string(header.baselines) +
                    " and Ntimes = " + std::to_string(header.times) + " make " +
                    std::to_string(header.times * header.baselines),
                "the correlator may not have finished it");
  }
  if (header.antennas_in_data > header.antennas.size()) {
    file.refuse("says Nants_data = " + std::to_string(header.antennas_in_data) + " but lists " +
                std::to_string(header.antennas.size()) + " antennas");
  }
}

}  // namespace

std::size_t count_of(const hdf5::File& file, const std::string& name) {
  const std::int64_t value = file.integer("Header/" + name);
  if (value <= 0) file.refuse("says " + name + " = " + std::to_string(value));
  return static_cast<std::size_t>(value);
}

int stokes_of_aips(int aips_code) {
  for (const PolarizationCode& code : kCodes) {
    if (code.aips == aips_code) return code.stokes;
  }
  throw Error(ErrorKind::input,
              "the polarization " + std::to_string(aips_code) + " is no product of two feeds");
}

int aips_of_stokes(int stokes_code) {
  for (const PolarizationCode& code : kCodes) {
    if (code.stokes == stokes_code) return code.aips;
  }
  throw Error(ErrorKind::input,
              "the correlation " + std::to_string(stokes_code) + " has no code in UVH5");
}

std::optional<int> dsa110_subband(const Uvh5Header& header) {
  const auto ends = std::minmax_element(header.freq_hz.begin(), header.freq_hz.end());
  return dsa110_subband(*ends.first, *ends.second, header.width_hz.front());
}

std::optional<int> dsa110_subband(double low_hz, double high_hz, double width_hz) {
  const double place = (kTopEdgeHz - (low_hz + high_hz) / 2) / kDsa110SubbandHz - 0.5;
  const double nearest = std::round(place);
  const bool inside =
      nearest >= 0 && nearest < kSubbands && high_hz - low_hz + width_hz < 1.01 * kDsa110SubbandHz;
  if (!inside || std::abs(place - nearest) > 0.25) return std::nullopt;
  return static_cast<int>(nearest);
}

Uvh5Header parse_header(const hdf5::File& file) {
  Uvh5Header header;
  header.path = file.path();
  if (!file.has("Header") || !file.has("Data")) {
    file.refuse("is HDF5 but no UVH5 file: it has no group '" +
                    std::string(file.has("Header") ? "Data" : "Header") + "'",
                "give files with visibilities as UVH5");
  }
  header.version = file.maybe_text("Header/version").value_or("");
  header.telescope_name = file.text("Header/telescope_name");
  header.instrument = file.maybe_text("Header/instrument").value_or(header.telescope_name);
  header.object_name = file.maybe_text("Header/object_name").value_or("");
  header.visibility_unit = lower(file.maybe_text("Header/vis_units").value_or(""));
  header.rows = count_of(file, "Nblts");
  header.baselines = count_of(file, "Nbls");
  header.times = count_of(file, "Ntimes");
  header.antennas_in_data = count_of(file, "Nants_data");
  header.position = parse_position(file);
  parse_antennas(file, header);
  parse_channels(file, header);
  parse_polarizations(file, header);
  parse_phasing(file, header);
  check_counts(file, header);
  return header;
}

}  // namespace skymill::radio
