// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>
#include <stages/data/visibilities.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// A direction to which rows of a UVH5 file were phased.
struct Uvh5PhaseCentre {
  int id = 0;  ///< what `phase_center_id_array` says; 0 in files without a catalogue
  std::string name;
  Direction direction;  ///< tracked files only
};

/// What a UVH5 file says of itself, in one form for all versions of the format (UVH5 memo of 2018
/// and its revisions 0.1 to 1.2; dsa110.md 1.6 for the correlator's own files).
struct Uvh5Header {
  std::string path;
  std::string version;  ///< empty in files that have none
  std::string telescope_name;
  std::string instrument;
  std::string object_name;
  std::string visibility_unit;  ///< `vis_units`, lower case; empty when not given
  GeodeticPosition position;

  std::size_t rows = 0;  ///< Nblts
  std::size_t baselines = 0;
  std::size_t times = 0;
  std::size_t antennas_in_data = 0;

  std::vector<Antenna> antennas;              ///< in the order of the file; absolute ITRF
  std::vector<std::int64_t> antenna_numbers;  ///< what `ant_1_array` calls each of them
  std::vector<double> freq_hz;                ///< in the order of the file
  std::vector<double> width_hz;               ///< one a channel, positive
  std::vector<int> polarizations;             ///< AIPS codes in the order of the file, -5 is XX

  Phasing phasing = Phasing::unprojected;
  double pointing_dec_rad = 0;                 ///< apparent declination; `meridian` only
  std::vector<Uvh5PhaseCentre> phase_centres;  ///< `tracked` only

  double time_first_jd = 0;  ///< UTC, of the first row and of the last
  double time_last_jd = 0;

  std::size_t channels() const { return freq_hz.size(); }
};

/// Width of a subband of the DSA-110: 384 raw channels (dsa110.md 1.3).
inline constexpr double kDsa110SubbandHz = 384 * 30517.578125;

/// Place of a DSA-110 subband among the sixteen, 0 with the highest frequencies, from the centre
/// of its channels (dsa110.md 1.3); nothing when the channels do not lie in one of them.
SKYMILL_API std::optional<int> dsa110_subband(const Uvh5Header& header);
/// The same from the centres of its outermost channels and their width.
SKYMILL_API std::optional<int> dsa110_subband(double low_hz, double high_hz, double width_hz);

/// The casacore Stokes code of an AIPS polarisation code: 9 for -5 (XX).
/// @throws Error (input) for codes that are no product of two feeds
SKYMILL_API int stokes_of_aips(int aips_code);
/// The reverse: -5 for 9 (XX).
SKYMILL_API int aips_of_stokes(int stokes_code);

}  // namespace skymill::radio
