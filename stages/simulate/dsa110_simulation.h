// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>
#include <stages/geometry/earth_orientation.h>
#include <stages/geometry/point_source.h>
#include <stages/geometry/sky_frame.h>
#include <stages/simulate/antenna_gains.h>
#include <stages/simulate/antenna_receivers.h>
#include <stages/simulate/interference.h>
#include <stages/simulate/primary_beam.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace skymill::radio {

/// What a simulated observation of the DSA-110 is made of.
struct Dsa110Setup {
  std::size_t antennas = 96;  ///< of those in use, spread over all
  std::size_t subbands = 16;  ///< from the highest downwards
  std::size_t nchan = 48;     ///< of a subband; it is 11.71875 MHz wide whatever their number
  std::size_t times = 24;
  double interval_s = 12.884901888;
  double start_mjd = 60000.5;  ///< of the first integration
  double pointing_dec_rad = 0;
  double noise_jy = 0;    ///< of real and imaginary part of one visibility
  double sefd_jy = 6500;  ///< what autocorrelations have besides the sources
  bool autocorrelations = false;
  double gain_amplitude = 0;
  double gain_phase_rad = 0;
  double yy_amplitude = 1;  ///< of all gains of the hand YY, besides
  ReceiverErrors receivers;
  Bandpass bandpass;
  InterferenceSetup interference;
  PrimaryBeam beam = PrimaryBeam::none;
  double counts_per_jy = 1;  ///< unit of the data
  std::uint64_t seed = 1;
  StalePolicy stale = StalePolicy::refuse;
};

/// Noise of the real or imaginary part of a visibility: SEFD / sqrt(2 dnu dt) (dsa110.md 1.1).
double visibility_noise_jy(double sefd_jy, double width_hz, double interval_s);
/// Width of a channel when a subband has `nchan`.
double dsa110_channel_width_hz(std::size_t nchan);

/// Sources drifting through the fringe-stopped beam of the DSA-110 (dsa110.md 1.3 to 1.7):
/// every integration is phased to hour angle 0 at the pointing declination, uvw are the same at
/// all times. A source keeps its ICRS place; its l and m belong to what transits halfway
/// through the observation. The sky is unpolarised. It and the transmitters on the ground come in
/// through gains and receivers; the noise does not, so that it has the strength of the weights.
class Dsa110Simulation {
 public:
  /// @throws Error when `earth` lacks the dates and `setup.stale` is `refuse`
  Dsa110Simulation(const Dsa110Setup& setup, std::vector<PointSource> sky,
                   const EarthOrientation& earth);

  const Dsa110Setup& setup() const { return setup_; }
  const std::shared_ptr<const ObservationHeader>& header() const { return header_; }
  const Direction& reference_centre() const { return reference_centre_; }
  /// Spectral indices count from the middle of the band.
  double reference_hz() const { return reference_hz_; }
  const std::vector<AntennaGain>& gains() const { return gains_; }
  const std::vector<AntennaReceiver>& receivers() const { return receivers_; }
  const Interference& interference() const { return *interference_; }
  std::size_t rows_per_integration() const { return pairs_.size(); }

  /// One integration of one subband, rows in the correlator's order: j <= i for every antenna i.
  Visibilities chunk(std::size_t integration, int data_desc_id) const;

 private:
  struct Place {
    double l = 0, m = 0, n_minus_1 = 0;
  };
  void make_header(const EarthOrientation& earth);
  void add_windows(ObservationHeader& header) const;
  void add_source(std::size_t integration, std::size_t source, const std::vector<double>& freq_hz,
                  std::vector<std::complex<float>>& sum) const;
  std::size_t subband_of(int data_desc_id) const;
  std::vector<std::complex<float>> antenna_voltages(int data_desc_id) const;
  void add_response(const std::vector<std::complex<float>>& sum, int data_desc_id,
                    Visibilities& rows) const;
  void add_noise(std::size_t integration, int data_desc_id, Visibilities& rows) const;
  void add_row(std::size_t integration, std::size_t j, std::size_t i, Visibilities& rows) const;

  Dsa110Setup setup_;
  std::vector<PointSource> sky_;
  std::shared_ptr<const ObservationHeader> header_;
  std::vector<std::int32_t> used_;          ///< antennas of the header that take part
  std::vector<AntennaPair> pairs_;          ///< in the order of rows
  std::vector<Vector3> uvw_m_;              ///< of these
  std::vector<AntennaGain> gains_;          ///< of these
  std::vector<AntennaReceiver> receivers_;  ///< of these
  std::unique_ptr<Interference> interference_;
  Direction reference_centre_;
  std::vector<std::vector<Place>> places_;  ///< [time][source] in the frame of the meridian
  double reference_hz_ = 0;
};

}  // namespace skymill::radio
