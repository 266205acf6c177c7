// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/image/plane_gridder.h>
#include <stages/kernels/standard_gridder.h>
#include <stages/kernels/wgridder.h>

namespace skymill::radio {

namespace {

constexpr double kSpeedOfLight = 299792458;  // m/s

template <class Kernel>
class GridderOf final : public PlaneGridder {
 public:
  explicit GridderOf(Kernel kernel) : kernel_(std::move(kernel)) {}

  double dirty(const kernels::PlaneSamples& samples, kernels::View<float, 2> image) const override {
    return kernel_.dirty(samples, image);
  }
  double psf(const kernels::PlaneSamples& samples, kernels::View<float, 2> image) const override {
    return kernel_.psf(samples, image);
  }
  void predict(kernels::View<const float, 2> model, const kernels::PlaneSamples& geometry,
               kernels::View<std::complex<float>, 2> vis_out) const override {
    kernel_.predict(model, geometry, vis_out);
  }

 private:
  Kernel kernel_;
};

kernels::WGridderOptions options_of(const ImageParams& params, std::size_t samples,
                                    std::size_t threads) {
  kernels::WGridderOptions options;
  options.accuracy = params.accuracy;
  options.threads = threads;
  options.expected_samples = samples;
  return options;
}

template <class Real>
std::unique_ptr<PlaneGridder> make(const ImageParams& params, const std::array<double, 2>& cell_rad,
                                   std::size_t samples, std::size_t threads) {
  const auto [nx, ny] = params.imsize;
  if (params.gridder == "standard") {
    using Standard = kernels::StandardGridder<Real>;
    return std::make_unique<GridderOf<Standard>>(
        Standard(nx, ny, -cell_rad[0], cell_rad[1], threads));
  }
  using Modern = kernels::WGridder<Real>;
  return std::make_unique<GridderOf<Modern>>(
      Modern(nx, ny, -cell_rad[0], cell_rad[1], options_of(params, samples, threads)));
}

template <class Real>
std::size_t bytes(const ImageParams& params, const std::array<double, 2>& cell_rad,
                  std::size_t samples, std::size_t threads, double reach) {
  const auto [nx, ny] = params.imsize;
  if (params.gridder == "standard") {
    return kernels::StandardGridder<Real>::footprint_bytes(nx, ny, threads);
  }
  typename kernels::WGridder<Real>::Reach of_samples;
  if (reach > 0) of_samples = {reach, reach};
  return kernels::WGridder<Real>::footprint_bytes(nx, ny, -cell_rad[0], cell_rad[1], samples,
                                                  options_of(params, samples, threads), of_samples);
}

}  // namespace

std::unique_ptr<PlaneGridder> make_gridder(const ImageParams& params,
                                           const std::array<double, 2>& cell_rad,
                                           std::size_t samples, std::size_t threads) {
  return params.precision == "double" ? make<double>(params, cell_rad, samples, threads)
                                      : make<float>(params, cell_rad, samples, threads);
}

std::size_t gridder_bytes(const ImageParams& params, const std::array<double, 2>& cell_rad,
                          std::size_t samples, std::size_t threads, double longest_m,
                          double top_hz) {
  const double reach = longest_m * top_hz / kSpeedOfLight;
  return params.precision == "double" ? bytes<double>(params, cell_rad, samples, threads, reach)
                                      : bytes<float>(params, cell_rad, samples, threads, reach);
}

}  // namespace skymill::radio
