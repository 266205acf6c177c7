// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/data/visibilities.h>
#include <stages/geometry/point_source.h>
#include <stages/simulate/antenna_gains.h>
#include <stages/simulate/array_geometry.h>
#include <stages/simulate/dsa110_simulation.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

struct SimulateParams {
  std::string telescope = "small";
  std::size_t antennas = 25;
  double radius = 1500;            // m
  double diameter = 4.65;          // m
  double longitude = -2.06427799;  // rad
  double latitude = 0.649966;      // rad
  double height = 1222;            // m
  std::size_t times = 24;
  std::optional<double> interval;  // s
  double start_mjd = 60000.5;
  std::optional<double> ra;  // rad
  double dec = 0.6457718;    // rad, 37 deg
  std::size_t nchan = 8;
  double freq = 1.4e9;  // Hz
  double width = 1e6;   // Hz
  std::vector<std::string> sources;
  std::size_t random_sources = 6;
  double source_radius = 0.0036;  // rad
  double flux_min = 0.1;          // Jy
  double flux_max = 1.0;          // Jy
  double flux_slope = 1;
  double index_mean = 0;
  double index_scatter = 0;
  std::optional<double> noise;  // Jy
  double sefd = 6500;           // Jy
  double gain_amplitude = 0;
  double gain_phase = 0;      // rad
  double gain_drift = 0;      // rad
  double drift_period = 600;  // s
  bool autocorrelations = false;
  double delay = 0;                       // s
  std::optional<double> outrigger_delay;  // s
  double bandpass_ripple = 0;
  double bandpass_edge = 0;
  std::vector<double> bandpass_notches;  // Hz
  std::vector<std::string> dead_antennas;
  double yy_amplitude = 1;
  std::string beam = "none";
  double counts_per_jy = 1;
  std::size_t rfi_carriers = 0;
  std::size_t rfi_drifting = 0;
  std::size_t rfi_bursts = 0;
  std::size_t rfi_zeros = 0;
  std::size_t rfi_nans = 0;
  double rfi_flux = 100;  // Jy
  std::size_t groups = 1;
  std::size_t subbands = 16;
  std::string eop;
  bool allow_stale_eop = false;
  std::size_t seed = 1;
  std::string truth;
};

/// Makes visibilities of point sources of known flux, with noise and gain errors, unpolarised
/// (XX = YY): of a small array that tracks, or of the DSA-110, fringe-stopped to the meridian.
class Simulate final : public Source<Visibilities> {
 public:
  using Params = SimulateParams;
  static Schema<SimulateParams> schema();
  static Ports ports();

  explicit Simulate(SimulateParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  std::optional<Chunk<Visibilities>> next(const PipelineContext& ctx) override;

 private:
  void plan_small();
  void plan_dsa110();
  Chunk<Visibilities> next_of_dsa110();
  void fill_spec(PortSpec& out, std::size_t chunk_rows, std::size_t chunks) const;
  std::size_t integrations() const { return params_.times * params_.groups; }
  double interval_s() const { return params_.interval.value_or(60); }
  double noise_jy() const { return params_.noise.value_or(0.1); }
  double time_s(std::size_t integration) const;
  std::shared_ptr<const ObservationHeader> make_header() const;
  void add_row(std::size_t integration, std::size_t antenna1, std::size_t antenna2,
               Visibilities& rows) const;
  void add_sky(const double* uvw_m, std::complex<float>* row) const;
  void publish_truth(const PipelineContext& ctx) const;

  SimulateParams params_;
  std::shared_ptr<const ObservationHeader> header_;
  std::vector<PointSource> sky_;
  std::vector<AntennaGain> gains_;            ///< of the small array; empty without errors
  std::unique_ptr<Dsa110Simulation> dsa110_;  ///< null for the small array
  double reference_hz_ = 0;
  std::vector<std::array<double, 3>> antenna_uvw_m_;  ///< of the integration at hand
  std::size_t next_integration_ = 0;
  int next_window_ = 0;  ///< of the DSA-110
};

}  // namespace skymill::radio
