// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/data/visibilities.h>
#include <stages/simulate/array_geometry.h>
#include <stages/simulate/sky_model.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

struct SimulateParams {
  std::size_t antennas = 25;
  double radius = 1500;       // m
  double diameter = 4.65;     // m
  double longitude = -2.06427799;  // rad
  double latitude = 0.649966;      // rad
  double height = 1222;       // m
  std::size_t times = 24;
  double interval = 60;       // s
  double start_mjd = 60000.5;
  std::optional<double> ra;   // rad
  double dec = 0.6457718;     // rad, 37 deg
  std::size_t nchan = 8;
  double freq = 1.4e9;        // Hz
  double width = 1e6;         // Hz
  std::vector<std::string> sources;
  std::size_t random_sources = 6;
  double source_radius = 0.0036;  // rad
  double flux_min = 0.1;      // Jy
  double flux_max = 1.0;      // Jy
  double noise = 0.1;         // Jy
  std::size_t seed = 1;
  std::string truth;
};

/// Makes visibilities of point sources of known flux, with noise; tracked, unpolarised (XX = YY).
class Simulate final : public Source<Visibilities> {
 public:
  using Params = SimulateParams;
  static Schema<SimulateParams> schema();
  static Ports ports();

  explicit Simulate(SimulateParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  std::optional<Chunk<Visibilities>> next(const PipelineContext& ctx) override;

 private:
  double time_s(std::size_t integration) const;
  std::shared_ptr<const ObservationHeader> make_header() const;
  void add_row(std::size_t integration, std::size_t antenna1, std::size_t antenna2,
               Visibilities& rows) const;
  void add_sky(const double* uvw_m, std::complex<float>* row) const;
  void publish_truth(const PipelineContext& ctx) const;

  SimulateParams params_;
  std::shared_ptr<const ObservationHeader> header_;
  std::vector<PointSource> sky_;
  double reference_hz_ = 0;
  std::vector<std::array<double, 3>> antenna_uvw_m_;  ///< of the integration at hand
  std::size_t next_integration_ = 0;
};

}  // namespace skymill::radio
