// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/image/plane_gridder.h>
#include <stages/kernels/direct_predict.h>
#include <stages/kernels/standard_gridder.h>
#include <stages/kernels/wgridder.h>

#include <type_traits>
#include <utility>

namespace skymill::radio {

namespace {

constexpr double kSpeedOfLight = 299792458;  // m/s

template <class Real, class Kernel>
class GridderOf final : public PlaneGridder {
 public:
  GridderOf(Kernel kernel, const kernels::ModelGrid& grid, bool w_term, std::size_t threads)
      : kernel_(std::move(kernel)), grid_(grid), w_term_(w_term), threads_(threads) {}

  std::unique_ptr<Placed> place(const kernels::PlaneSamples& samples) const override {
    if constexpr (kPlaces) {
      return std::make_unique<PlacedOf>(kernel_.place(samples));
    } else {
      return nullptr;
    }
  }
  double dirty(const kernels::PlaneSamples& samples, Placed* placed,
               kernels::View<float, 2> image) const override {
    if constexpr (kPlaces) {
      if (placed != nullptr) return kernel_.dirty(of(*placed), samples, image);
    }
    return kernel_.dirty(samples, image);
  }
  double psf(const kernels::PlaneSamples& samples, Placed* placed,
             kernels::View<float, 2> image) const override {
    if constexpr (kPlaces) {
      if (placed != nullptr) return kernel_.psf(of(*placed), samples, image);
    }
    return kernel_.psf(samples, image);
  }
  void predict(const kernels::SparseModel& model, kernels::View<float, 2> scratch,
               const kernels::PlaneSamples& geometry, const Placed* placed,
               kernels::View<std::complex<float>, 2> vis_out) const override {
    if (kernels::direct_predict_pays(model, grid_, vis_out.size())) {
      kernels::direct_predict<Real>(model, grid_, w_term_, geometry, threads_, vis_out);
      return;
    }
    kernels::write_rows(model, 0, scratch);
    if constexpr (kPlaces) {
      if (placed != nullptr) {
        kernel_.predict(static_cast<const PlacedOf&>(*placed).samples, scratch, vis_out);
        return;
      }
    }
    kernel_.predict(scratch, geometry, vis_out);
  }

 private:
  static constexpr bool kPlaces = std::is_same_v<Kernel, kernels::WGridder<Real>>;
  struct PlacedOf final : Placed {
    using Samples = typename kernels::WGridder<Real>::Placed;
    explicit PlacedOf(Samples a_samples) : samples(std::move(a_samples)) {}
    Samples samples;
  };
  static auto& of(Placed& placed) { return static_cast<PlacedOf&>(placed).samples; }

  Kernel kernel_;
  kernels::ModelGrid grid_;
  bool w_term_;
  std::size_t threads_;
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
  const kernels::ModelGrid grid{nx, ny, -cell_rad[0], cell_rad[1]};
  if (params.gridder == "standard") {
    using Standard = kernels::StandardGridder<Real>;
    return std::make_unique<GridderOf<Real, Standard>>(
        Standard(nx, ny, -cell_rad[0], cell_rad[1], threads), grid, false, threads);
  }
  using Modern = kernels::WGridder<Real>;
  return std::make_unique<GridderOf<Real, Modern>>(
      Modern(nx, ny, -cell_rad[0], cell_rad[1], options_of(params, samples, threads)), grid, true,
      threads);
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

std::size_t placed_bytes(const ImageParams& params, std::size_t samples) {
  if (params.gridder == "standard") return 0;
  return params.precision == "double" ? kernels::WGridder<double>::placed_bytes(samples)
                                      : kernels::WGridder<float>::placed_bytes(samples);
}

std::size_t gridder_bytes(const ImageParams& params, const std::array<double, 2>& cell_rad,
                          std::size_t samples, std::size_t threads, double longest_m,
                          double top_hz) {
  const double reach = longest_m * top_hz / kSpeedOfLight;
  return params.precision == "double" ? bytes<double>(params, cell_rad, samples, threads, reach)
                                      : bytes<float>(params, cell_rad, samples, threads, reach);
}

}  // namespace skymill::radio
