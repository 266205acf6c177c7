// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/direct_loops.h>
#include <stages/kernels/direct_predict.h>
#include <stages/kernels/parallel_ranges.h>
#include <stages/kernels/vector_sets.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace skymill::kernels {

namespace {

constexpr double kSpeedOfLight = 299792458;  // m/s
constexpr std::size_t kBlock = 512;          // samples that stay in the first cache
// Pixels of a transformed plane, and samples of its degridding, that cost as much as one component
// at one sample.
constexpr std::size_t kPixelCost = 5;
constexpr std::size_t kSampleCost = 30;

template <class Real>
DirectLoop<Real> choose() {
  constexpr bool kSingle = std::is_same_v<Real, float>;
  const auto pick = [](auto single, auto twice) -> DirectLoop<Real> {
    if constexpr (kSingle) {
      return single;
    } else {
      return twice;
    }
  };
#ifdef SKYMILL_VECTOR_SETS_X86
  if (vector_set() == VectorSet::kAvx512) {
    return pick(direct_loops_avx512::single, direct_loops_avx512::twice);
  }
  if (vector_set() == VectorSet::kAvx2) {
    return pick(direct_loops_avx2::single, direct_loops_avx2::twice);
  }
#endif
  return pick(direct_loops_baseline::single, direct_loops_baseline::twice);
}

template <class Real>
struct Direction {
  double l = 0;
  double m = 0;
  double q = 0;
  Real flux = 0;
};

template <class Real>
std::vector<Direction<Real>> directions_of(const SparseModel& model, const ModelGrid& grid,
                                           bool w_term) {
  std::vector<Direction<Real>> directions;
  for (const ModelPixel& pixel : model) {
    Direction<Real> d;
    d.l = (static_cast<double>(pixel.x) - static_cast<double>(grid.nx / 2)) * grid.cell_x_rad;
    d.m = (static_cast<double>(pixel.y) - static_cast<double>(grid.ny / 2)) * grid.cell_y_rad;
    d.flux = static_cast<Real>(pixel.flux);
    const double r2 = d.l * d.l + d.m * d.m;
    if (w_term && r2 >= 1) continue;
    d.q = w_term ? -r2 / (1 + std::sqrt(1 - r2)) : 0;
    directions.push_back(d);
  }
  return directions;
}

}  // namespace

template <class Real>
void direct_predict(const SparseModel& model, const ModelGrid& grid, bool w_term,
                    const PlaneSamples& geometry, std::size_t threads,
                    View<std::complex<float>, 2> vis_out) {
  const std::size_t rows = geometry.uvw_m.extent(0);
  const std::size_t channels = geometry.freq_hz.extent(0);
  if (vis_out.extent(0) != rows || vis_out.extent(1) != channels) {
    throw std::invalid_argument("direct_predict: visibilities of [" +
                                std::to_string(vis_out.extent(0)) + "][" +
                                std::to_string(vis_out.extent(1)) + "] for a geometry of [" +
                                std::to_string(rows) + "][" + std::to_string(channels) + "]");
  }
  static const DirectLoop<Real> add_component = choose<Real>();
  const auto directions = directions_of<Real>(model, grid, w_term);
  const std::size_t blocks = (rows * channels + kBlock - 1) / kBlock;
  parallel_ranges(blocks, threads, [&](std::size_t begin, std::size_t end) {
    std::array<std::vector<double>, 3> uvw;
    for (auto& axis : uvw) axis.resize(kBlock);
    std::vector<Real> real(kBlock);
    std::vector<Real> imag(kBlock);
    for (std::size_t block = begin; block < end; ++block) {
      const std::size_t first = block * kBlock;
      const std::size_t n = std::min(kBlock, rows * channels - first);
      for (std::size_t i = 0; i < n; ++i) {
        const double per_metre = geometry.freq_hz((first + i) % channels) / kSpeedOfLight;
        for (std::size_t axis = 0; axis < 3; ++axis) {
          uvw[axis][i] = geometry.uvw_m((first + i) / channels, axis) * per_metre;
        }
      }
      std::fill_n(real.begin(), n, Real{0});
      std::fill_n(imag.begin(), n, Real{0});
      for (const auto& d : directions) {
        add_component(uvw[0].data(), uvw[1].data(), uvw[2].data(), n, d.l, d.m, d.q, d.flux,
                      real.data(), imag.data());
      }
      for (std::size_t i = 0; i < n; ++i) {
        vis_out((first + i) / channels, (first + i) % channels) = {static_cast<float>(real[i]),
                                                                   static_cast<float>(imag[i])};
      }
    }
  });
}

template void direct_predict<float>(const SparseModel&, const ModelGrid&, bool, const PlaneSamples&,
                                    std::size_t, View<std::complex<float>, 2>);
template void direct_predict<double>(const SparseModel&, const ModelGrid&, bool,
                                     const PlaneSamples&, std::size_t,
                                     View<std::complex<float>, 2>);

bool direct_predict_pays(const SparseModel& model, const ModelGrid& grid, std::size_t samples) {
  return model.size() * samples <= kPixelCost * grid.nx * grid.ny + kSampleCost * samples;
}

}  // namespace skymill::kernels
