// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20: the casacore wall (stages/ms) includes it.
#pragma once

#include <core/data_kind.h>

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace skymill::radio {

/// One antenna (MS2 ANTENNA row).
struct Antenna {
  std::string name;
  std::string station;
  std::array<double, 3> position_m{};  ///< geocentric ITRF x, y, z
  double diameter_m = 0;
  std::string mount = "alt-az";
};

/// One spectral window (MS2 SPECTRAL_WINDOW row), channels in the order of the data.
struct SpectralWindow {
  std::string name;
  std::vector<double> chan_freq_hz;   ///< channel centres
  std::vector<double> chan_width_hz;  ///< may be negative in foreign data, as stored
  int meas_freq_ref = 5;              ///< casacore frequency frame code; 1 = LSRK, 5 = TOPO
  double ref_frequency_hz = 0;
};

/// One direction with its frame; right ascension and declination in radians.
struct Direction {
  double ra_rad = 0;
  double dec_rad = 0;
  std::string frame = "J2000";  ///< casacore name: J2000, ICRS, HADEC, …
};

/// One field (MS2 FIELD row); only the phase centre matters to us.
struct Field {
  std::string name;
  Direction phase_dir;
  double time_s = 0;  ///< MJD UTC seconds
};

/// Spectral window and polarisation setup of one DATA_DESC_ID.
struct DataDescription {
  int spectral_window = 0;
  std::vector<int> corr_types;  ///< casacore Stokes codes: 5..8 RR RL LR LL, 9..12 XX XY YX YY
};

/// One observation (MS2 OBSERVATION row).
struct ObservingRun {
  std::string telescope;
  std::string observer;
  std::string project;
  double first_s = 0;  ///< MJD UTC seconds
  double last_s = 0;
};

/// What was done while rows were taken (MS2 STATE row).
struct ObservingState {
  bool signal = true;
  bool reference = false;
  double cal_k = 0;   ///< noise calibration temperature
  double load_k = 0;  ///< load temperature
  int sub_scan = 0;
  std::string intent = "OBSERVE_TARGET#ON_SOURCE";  ///< OBS_MODE
};

/// To which direction the data were phased when they were recorded.
enum class Phasing {
  tracked,      ///< to the phase centre of each row's field
  meridian,     ///< fringe-stopped to hour angle 0 at `pointing_dec_rad`: a centre per integration
  unprojected,  ///< not at all: delays as the geometry gives them (drift)
};

/// Which of its antennas a row's uvw points to, and with it the sense of the conjugation of data.
/// Gains and delays solved from the one are conjugate to those from the other, while images are
/// the same (calibration.md 1.4).
enum class UvwSense {
  unknown,
  one_minus_two,  ///< uvw = r(antenna1) - r(antenna2)
  two_minus_one,
};

/// A place on Earth, WGS84.
struct GeodeticPosition {
  double longitude_rad = 0;  ///< east positive
  double latitude_rad = 0;
  double height_m = 0;
};

/// All that is constant over an observation; shared by its chunks, small.
struct ObservationHeader {
  static constexpr DataKind kDataKind{"observation", 1};

  std::string telescope;
  std::string observer;
  std::string project;
  std::string source;  ///< where it came from: a path or a stage
  std::vector<Antenna> antennas;
  std::vector<SpectralWindow> spectral_windows;
  std::vector<DataDescription> data_descriptions;
  std::vector<Field> fields;
  std::vector<ObservingRun> observations;         ///< empty: one, as said above
  std::vector<ObservingState> states;             ///< empty: not known
  std::size_t rows = 0;                           ///< of the whole selection
  std::vector<std::size_t> rows_per_description;  ///< the same, by DATA_DESC_ID
  double time_first_s = 0;                        ///< MJD UTC seconds, first integration's centre
  double time_last_s = 0;
  double max_uvw_m = 0;  ///< longest |uvw|; 0 when not known beforehand
  Phasing phasing = Phasing::tracked;
  double pointing_dec_rad = 0;  ///< apparent, of dishes that stand on the meridian; 0 = not known
  GeodeticPosition position;    ///< of the array; zero when not known
  UvwSense uvw_sense = UvwSense::unknown;
  /// What products of these data shall tell, one line each: by which solutions they were corrected.
  /// Headers of chunks may have lines that the one known before the run has not.
  std::vector<std::string> history;
};

/// Visibilities of consecutive rows with one DATA_DESC_ID. Arrays are dense, last index fastest.
///
/// Convention (imaging.md 2.0): V = Σ S exp(+2πi(ul + vm + w(n-1))ν/c), l to the east.
struct Visibilities {
  static constexpr DataKind kDataKind{"visibilities", 1};

  std::shared_ptr<const ObservationHeader> header;
  int data_desc_id = 0;
  std::size_t nchan = 0;
  std::size_t ncorr = 0;

  std::vector<double> time_s;                ///< [row] MJD UTC seconds, centre of the integration
  std::vector<double> interval_s;            ///< [row]
  std::vector<double> exposure_s;            ///< [row]
  std::vector<std::int32_t> antenna1;        ///< [row]
  std::vector<std::int32_t> antenna2;        ///< [row]
  std::vector<std::int32_t> field_id;        ///< [row]
  std::vector<std::int32_t> scan_number;     ///< [row]
  std::vector<double> time_centroid_s;       ///< [row], or empty: time_s
  std::vector<std::int32_t> observation_id;  ///< [row], or empty: 0
  std::vector<std::int32_t> state_id;        ///< [row], or empty: 0; -1 = none
  std::vector<double> uvw_m;                 ///< [row][3]
  std::vector<std::complex<float>> data;     ///< [row][chan][corr], Jy when calibrated
  std::vector<std::uint8_t> flag;            ///< [row][chan][corr], 1 = bad; FLAG_ROW folded in
  std::vector<float> weight;                 ///< [row][corr]
  std::vector<float> weight_spectrum;        ///< [row][chan][corr], or empty

  std::size_t rows() const { return time_s.size(); }

  /// Bytes held, for the memory budget.
  std::size_t bytes() const {
    return rows() * (6 * sizeof(double) + 4 * sizeof(std::int32_t)) +
           time_centroid_s.size() * sizeof(double) +
           (observation_id.size() + state_id.size()) * sizeof(std::int32_t) +
           data.size() * sizeof(std::complex<float>) + flag.size() +
           (weight.size() + weight_spectrum.size()) * sizeof(float);
  }
};

}  // namespace skymill::radio
