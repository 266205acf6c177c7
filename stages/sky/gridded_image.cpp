// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/wgridder.h>
#include <stages/sky/gridded_image.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>

namespace skymill::radio {

namespace {

constexpr double kSpeedOfLight = 299792458;  // m/s
constexpr double kAccuracy = 1e-8;
constexpr double kSameCentre = 1e-11;  // rad: 1e-4 of a turn at a million wavelengths
constexpr double kOnPixel = 1e-6;      // of a pixel
constexpr std::size_t kLeastSize = 8;
// Of a sample's wavelength that a pixel may have at most; half is where the grid ends.
constexpr double kMostCells = 0.45;
// What a pixel of the grid and a sample cost, in samples of a single source.
constexpr std::size_t kPixelCost = 60, kSampleCost = 200;

bool same_centre(const Direction& a, const Direction& b) {
  return std::abs(std::remainder(a.ra_rad - b.ra_rad, 2 * std::numbers::pi)) < kSameCentre &&
         std::abs(a.dec_rad - b.dec_rad) < kSameCentre;
}

/// An even size that has the outermost pixel on both sides of the middle.
std::size_t size_around(std::size_t most) { return std::max(kLeastSize, 2 * (most + 1)); }

kernels::WGridderOptions options(std::size_t threads, std::size_t samples) {
  kernels::WGridderOptions options;
  options.accuracy = kAccuracy;
  options.threads = threads;
  options.expected_samples = samples;
  return options;
}

}  // namespace

std::optional<GriddedImage> GriddedImage::of(const ModelImage& image,
                                             const ObservationHeader& header) {
  const ModelImage::Grid& grid = image.grid;
  if (!(grid.cell_x_rad < 0) || !(grid.cell_y_rad > 0)) return std::nullopt;
  for (const double at : grid.reference) {
    if (std::abs(at - std::round(at)) > kOnPixel) return std::nullopt;
  }
  for (const Field& field : header.fields) {
    if (!same_centre(field.phase_dir, grid.centre)) return std::nullopt;
  }
  const auto x0 = std::lround(grid.reference[0]), y0 = std::lround(grid.reference[1]);
  std::size_t most_x = 0, most_y = 0;
  for (const auto& [x, y] : grid.pixel) {
    most_x = std::max(most_x, static_cast<std::size_t>(std::labs(static_cast<long>(x) - x0)));
    most_y = std::max(most_y, static_cast<std::size_t>(std::labs(static_cast<long>(y) - y0)));
  }
  GriddedImage gridded;
  gridded.nx_ = size_around(most_x);
  gridded.ny_ = size_around(most_y);
  gridded.cell_x_rad_ = grid.cell_x_rad;
  gridded.cell_y_rad_ = grid.cell_y_rad;
  for (const ModelImage::Plane& from : image.planes) {
    Plane& plane = gridded.planes_.emplace_back();
    plane.flux_jy.assign(gridded.nx_ * gridded.ny_, 0);
    plane.pixels = from.pixel.size();
    for (std::size_t k = 0; k < from.pixel.size(); ++k) {
      const auto& [x, y] = grid.pixel[from.pixel[k]];
      const auto column = static_cast<long>(x) - x0 + static_cast<long>(gridded.nx_ / 2);
      const auto row = static_cast<long>(y) - y0 + static_cast<long>(gridded.ny_ / 2);
      plane.flux_jy[static_cast<std::size_t>(row) * gridded.nx_ +
                    static_cast<std::size_t>(column)] += from.flux_jy[k];
    }
  }
  return gridded;
}

bool GriddedImage::pays(const Visibilities& rows, const std::vector<double>& freq_hz) const {
  std::size_t pixels = 0;
  for (const Plane& plane : planes_) pixels = std::max(pixels, plane.pixels);
  const std::size_t samples = rows.rows() * rows.nchan;
  if (pixels * samples < kPixelCost * nx_ * ny_ * planes_.size() + kSampleCost * samples) {
    return false;
  }
  double most_m = 0;
  for (std::size_t k = 0; k < rows.uvw_m.size(); ++k) {
    if (k % 3 != 2) most_m = std::max(most_m, std::abs(rows.uvw_m[k]));
  }
  const double most_hz = *std::max_element(freq_hz.begin(), freq_hz.end());
  const double cell_rad = std::max(-cell_x_rad_, cell_y_rad_);
  return most_m * most_hz / kSpeedOfLight * cell_rad < kMostCells;
}

void GriddedImage::predict(const Visibilities& rows, const std::vector<double>& freq_hz,
                           const std::vector<Extent>& channels, std::size_t threads,
                           std::vector<std::complex<double>>& vis) const {
  const std::size_t nchan = rows.nchan;
  vis.assign(rows.rows() * nchan, 0);
  const kernels::WGridder<double> gridder(nx_, ny_, cell_x_rad_, cell_y_rad_,
                                          options(threads, vis.size()));
  for (std::size_t k = 0; k < planes_.size(); ++k) {
    const Extent& of = channels[k];
    if (of.size() == 0 || planes_[k].pixels == 0) continue;
    kernels::PlaneSamples geometry;
    geometry.uvw_m = {rows.uvw_m.data(), {rows.rows(), 3}};
    geometry.freq_hz = {freq_hz.data() + of.begin, {of.size()}};
    gridder.predict(
        kernels::View<const double, 2>(planes_[k].flux_jy.data(), {ny_, nx_}), geometry,
        {vis.data() + of.begin, {rows.rows(), of.size()}, {static_cast<std::ptrdiff_t>(nchan), 1}});
  }
}

std::size_t GriddedImage::bytes(std::size_t samples, const ObservationHeader& header) const {
  kernels::WGridder<double>::Reach reach;
  if (header.max_uvw_m > 0) {
    double most_hz = 0;
    for (const SpectralWindow& window : header.spectral_windows) {
      for (const double hz : window.chan_freq_hz) most_hz = std::max(most_hz, hz);
    }
    reach.u_lambda = reach.w_lambda = header.max_uvw_m * most_hz / kSpeedOfLight;
  }
  return samples * sizeof(std::complex<double>) + planes_.size() * nx_ * ny_ * sizeof(double) +
         kernels::WGridder<double>::footprint_bytes(nx_, ny_, cell_x_rad_, cell_y_rad_, samples,
                                                    options(1, samples), reach);
}

}  // namespace skymill::radio
