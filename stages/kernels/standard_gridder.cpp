// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/check_samples.h>
#include <stages/kernels/grid_samples.h>
#include <stages/kernels/padded_size.h>
#include <stages/kernels/parallel_ranges.h>
#include <stages/kernels/standard_gridder.h>
#include <stages/kernels/uv_grid.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>

namespace skymill::kernels {

namespace {

constexpr std::size_t kBlockRows = 8;  // image rows transformed together along x

using ComplexFloat = std::complex<float>;

double largest_u_lambda(const PlaneSamples& samples) {
  double u_m = 0;
  for (std::size_t row = 0; row < samples.uvw_m.extent(0); ++row) {
    const double u = std::abs(samples.uvw_m(row, 0));
    u_m = (std::isfinite(u) && u > u_m) ? u : u_m;
  }
  double freq_hz = 0;
  for (std::size_t c = 0; c < samples.freq_hz.extent(0); ++c) {
    freq_hz = std::max(freq_hz, samples.freq_hz(c));
  }
  return u_m * freq_hz / kLightSpeed;
}

}  // namespace

template <class Real>
struct StandardGridder<Real>::Impl {
  using Complex = std::complex<Real>;

  Impl(std::size_t nx, std::size_t ny, double cell_x_rad, double cell_y_rad, std::size_t a_threads)
      : u_axis(nx, cell_x_rad),
        v_axis(ny, cell_y_rad),
        threads(a_threads),
        backward_v(FftPlan<Real>::complex_line(v_axis.grid_size, FftSign::kBackward)),
        forward_v(FftPlan<Real>::complex_line(v_axis.grid_size, FftSign::kForward)),
        backward_u(FftPlan<Real>::complex_to_real_line(u_axis.grid_size)),
        forward_u(FftPlan<Real>::real_to_complex_line(u_axis.grid_size)) {}

  double grid(const PlaneSamples& samples, bool unit_visibilities, HalfPlane<Real>& plane) const;
  void to_image(HalfPlane<Real>& plane, double factor, View<float, 2> image) const;
  void to_image_rows(const HalfPlane<Real>& plane, double factor, View<float, 2> image,
                     std::size_t first_row, std::size_t end_row) const;
  void from_image(View<const float, 2> model, HalfPlane<Real>& plane) const;
  void from_image_rows(View<const float, 2> model, HalfPlane<Real>& plane, std::size_t first_row,
                       std::size_t end_row) const;
  void sample_rows(const HalfPlane<Real>& plane, const PlaneSamples& geometry,
                   View<ComplexFloat, 2> vis_out, std::size_t first, std::size_t end) const;

  /// Column of the transformed lines that holds image row y.
  std::size_t column_of(std::size_t y) const {
    return (y + v_axis.grid_size - v_axis.image_size / 2) % v_axis.grid_size;
  }
  /// Element of a transformed row that holds image column x.
  std::size_t element_of(std::size_t x) const {
    return (x + u_axis.grid_size - u_axis.image_size / 2) % u_axis.grid_size;
  }
  /// Correction of image row y, with the sign that moves the origin of v to mid-line.
  double row_factor(std::size_t y) const {
    const double correction = v_axis.inverse_correction[y];
    return (y + v_axis.image_size / 2) % 2 == 0 ? correction : -correction;
  }

  GridAxis u_axis;
  GridAxis v_axis;
  std::size_t threads;
  TapTable<Real> taps;
  FftPlan<Real> backward_v;
  FftPlan<Real> forward_v;
  FftPlan<Real> backward_u;
  FftPlan<Real> forward_u;
};

namespace {

/// Memory of one block of image rows on its way through the transform along u.
template <class Real>
struct RowBlock {
  explicit RowBlock(std::size_t grid_size)
      : spectrum_stride((grid_size / 2 + 1 + 15) / 16 * 16),
        spectra(kBlockRows * spectrum_stride),
        row(grid_size) {}

  std::complex<Real>* spectrum(std::size_t k) const { return spectra.data() + k * spectrum_stride; }
  static std::size_t bytes(std::size_t grid_size) {
    return (kBlockRows * (grid_size / 2 + 16) * 2 + grid_size) * sizeof(Real);
  }

  std::size_t spectrum_stride;
  AlignedBuffer<std::complex<Real>> spectra;
  AlignedBuffer<Real> row;
};

}  // namespace

template <class Real>
double StandardGridder<Real>::Impl::grid(const PlaneSamples& samples, bool unit_visibilities,
                                         HalfPlane<Real>& plane) const {
  Batch<Real> batch(plane, taps);
  const std::size_t chans = samples.freq_hz.extent(0);
  std::vector<double> inverse_wavelength(chans);
  for (std::size_t c = 0; c < chans; ++c) {
    inverse_wavelength[c] = samples.freq_hz(c) / kLightSpeed;
  }
  const bool have_vis = samples.vis.data() != nullptr;
  double sum_of_weights = 0;
  for (std::size_t row = 0; row < samples.uvw_m.extent(0); ++row) {
    const double u_m = samples.uvw_m(row, 0);
    const double v_m = samples.uvw_m(row, 1);
    for (std::size_t c = 0; c < chans; ++c) {
      const float weight = samples.weight(row, c);
      if (!(weight > 0) || !std::isfinite(weight)) {
        continue;
      }
      ComplexFloat vis{1.0F, 0.0F};
      if (have_vis) {
        const ComplexFloat given = samples.vis(row, c);
        if (!finite(given)) {
          continue;
        }
        vis = unit_visibilities ? vis : given;
      }
      Pending<Real> sample;
      if (!place_sample(u_axis, v_axis, u_m * inverse_wavelength[c], v_m * inverse_wavelength[c],
                        sample.place)) {
        continue;
      }
      sum_of_weights += static_cast<double>(weight);
      sample.re = static_cast<Real>(weight) * static_cast<Real>(vis.real());
      sample.im = static_cast<Real>(weight) * static_cast<Real>(vis.imag());
      sample.im = sample.place.mirrored ? -sample.im : sample.im;
      batch.push(sample);
    }
  }
  batch.flush();
  return sum_of_weights;
}

template <class Real>
void StandardGridder<Real>::Impl::to_image(HalfPlane<Real>& plane, double factor,
                                           View<float, 2> image) const {
  plane.fold();
  plane.transform(backward_v, true, threads);
  const std::size_t blocks = (v_axis.image_size + kBlockRows - 1) / kBlockRows;
  parallel_ranges(blocks, threads, [&](std::size_t begin, std::size_t end) {
    to_image_rows(plane, factor, image, begin * kBlockRows,
                  std::min(end * kBlockRows, v_axis.image_size));
  });
}

template <class Real>
void StandardGridder<Real>::Impl::to_image_rows(const HalfPlane<Real>& plane, double factor,
                                                View<float, 2> image, std::size_t first_row,
                                                std::size_t end_row) const {
  const RowBlock<Real> block(u_axis.grid_size);
  const std::size_t nyquist = u_axis.grid_size / 2;
  const auto last = static_cast<std::size_t>(plane.last_line());
  for (std::size_t first = first_row; first < end_row; first += kBlockRows) {
    const std::size_t rows = std::min(kBlockRows, end_row - first);
    for (std::size_t u = 0; u <= last; ++u) {
      const Complex* line = plane.line(static_cast<int>(u));
      // The transform counts every line but the first and the last twice: once as its conjugate.
      const bool alone = u == 0 || u == nyquist;
      for (std::size_t k = 0; k < rows; ++k) {
        const Complex value = line[column_of(first + k)];
        block.spectrum(k)[u] = alone ? Complex(value.real(), 0) : value * static_cast<Real>(0.5);
      }
    }
    for (std::size_t k = 0; k < rows; ++k) {
      std::fill(block.spectrum(k) + last + 1, block.spectrum(k) + nyquist + 1, Complex{});
      backward_u.execute(block.spectrum(k), block.row.data());
      const double row_scale = factor * row_factor(first + k);
      const Real* row = block.row.data();
      std::size_t element = element_of(0);
      for (std::size_t x = 0; x < u_axis.image_size; ++x) {
        image(first + k, x) = static_cast<float>(static_cast<double>(row[element]) * row_scale *
                                                 u_axis.inverse_correction[x]);
        element = element + 1 == u_axis.grid_size ? 0 : element + 1;
      }
    }
  }
}

template <class Real>
void StandardGridder<Real>::Impl::from_image(View<const float, 2> model,
                                             HalfPlane<Real>& plane) const {
  const std::size_t blocks = (v_axis.image_size + kBlockRows - 1) / kBlockRows;
  parallel_ranges(blocks, threads, [&](std::size_t begin, std::size_t end) {
    from_image_rows(model, plane, begin * kBlockRows,
                    std::min(end * kBlockRows, v_axis.image_size));
  });
  plane.transform(forward_v, false, threads);
  plane.unfold();
}

template <class Real>
void StandardGridder<Real>::Impl::from_image_rows(View<const float, 2> model,
                                                  HalfPlane<Real>& plane, std::size_t first_row,
                                                  std::size_t end_row) const {
  const RowBlock<Real> block(u_axis.grid_size);
  const auto last = static_cast<std::size_t>(plane.last_line());
  for (std::size_t first = first_row; first < end_row; first += kBlockRows) {
    const std::size_t rows = std::min(kBlockRows, end_row - first);
    bool any = false;
    for (std::size_t k = 0; k < rows; ++k) {
      std::fill_n(block.row.data(), u_axis.grid_size, Real{0});
      const double row_scale = row_factor(first + k);
      std::size_t element = element_of(0);
      for (std::size_t x = 0; x < u_axis.image_size; ++x) {
        const auto value = static_cast<double>(model(first + k, x));
        any = any || value != 0;
        block.row[element] = static_cast<Real>(value * row_scale * u_axis.inverse_correction[x]);
        element = element + 1 == u_axis.grid_size ? 0 : element + 1;
      }
      forward_u.execute(block.row.data(), block.spectrum(k));
    }
    if (!any) {
      continue;  // models are mostly empty and the plane starts as zeros
    }
    for (std::size_t u = 0; u <= last; ++u) {
      Complex* line = plane.line(static_cast<int>(u));
      for (std::size_t k = 0; k < rows; ++k) {
        line[column_of(first + k)] = block.spectrum(k)[u];
      }
    }
  }
}

template <class Real>
void StandardGridder<Real>::Impl::sample_rows(const HalfPlane<Real>& plane,
                                              const PlaneSamples& geometry,
                                              View<ComplexFloat, 2> vis_out, std::size_t first,
                                              std::size_t end) const {
  for (std::size_t row = first; row < end; ++row) {
    for (std::size_t c = 0; c < geometry.freq_hz.extent(0); ++c) {
      const double per_metre = geometry.freq_hz(c) / kLightSpeed;
      Place place;
      vis_out(row, c) = place_sample(u_axis, v_axis, geometry.uvw_m(row, 0) * per_metre,
                                     geometry.uvw_m(row, 1) * per_metre, place)
                            ? interpolate(plane, taps, place)
                            : ComplexFloat{};
    }
  }
}

template <class Real>
StandardGridder<Real>::StandardGridder(std::size_t nx, std::size_t ny, double cell_x_rad,
                                       double cell_y_rad, std::size_t threads) {
  if (nx < 8 || ny < 8) {
    throw std::invalid_argument("StandardGridder: an image of " + std::to_string(nx) + " x " +
                                std::to_string(ny) + " pixels is too small; 8 x 8 is the least");
  }
  if (!(cell_x_rad < 0) || !(cell_y_rad > 0) || !std::isfinite(cell_x_rad) ||
      !std::isfinite(cell_y_rad)) {
    throw std::invalid_argument("StandardGridder: cells of " + std::to_string(cell_x_rad) +
                                " and " + std::to_string(cell_y_rad) +
                                " rad; x must be negative and y positive");
  }
  if (threads == 0) {
    throw std::invalid_argument("StandardGridder: 0 threads; give at least 1");
  }
  impl_ = std::make_unique<const Impl>(nx, ny, cell_x_rad, cell_y_rad, threads);
}

template <class Real>
StandardGridder<Real>::~StandardGridder() = default;
template <class Real>
StandardGridder<Real>::StandardGridder(StandardGridder&&) noexcept = default;
template <class Real>
StandardGridder<Real>& StandardGridder<Real>::operator=(StandardGridder&&) noexcept = default;

template <class Real>
std::size_t StandardGridder<Real>::nx() const {
  return impl_->u_axis.image_size;
}
template <class Real>
std::size_t StandardGridder<Real>::ny() const {
  return impl_->v_axis.image_size;
}

namespace {

void fill(View<float, 2> image, float value) {
  for (std::size_t y = 0; y < image.extent(0); ++y) {
    for (std::size_t x = 0; x < image.extent(1); ++x) {
      image(y, x) = value;
    }
  }
}

}  // namespace

template <class Real>
double StandardGridder<Real>::dirty(const PlaneSamples& samples, View<float, 2> image) const {
  require_image("StandardGridder::dirty", image, ny(), nx());
  require_geometry("StandardGridder::dirty", samples);
  require_samples("StandardGridder::dirty", "vis", samples.vis, samples);
  require_samples("StandardGridder::dirty", "weight", samples.weight, samples);
  HalfPlane<Real> plane(impl_->u_axis, impl_->v_axis, largest_u_lambda(samples));
  const double sum_of_weights = impl_->grid(samples, false, plane);
  if (!(sum_of_weights > kLeastSumOfWeights)) {
    fill(image, 0.0F);
    return sum_of_weights;
  }
  impl_->to_image(plane, 1.0 / sum_of_weights, image);
  return sum_of_weights;
}

template <class Real>
double StandardGridder<Real>::psf(const PlaneSamples& samples, View<float, 2> image) const {
  require_image("StandardGridder::psf", image, ny(), nx());
  require_geometry("StandardGridder::psf", samples);
  require_samples("StandardGridder::psf", "weight", samples.weight, samples);
  if (samples.vis.data() != nullptr) {
    require_samples("StandardGridder::psf", "vis", samples.vis, samples);
  }
  HalfPlane<Real> plane(impl_->u_axis, impl_->v_axis, largest_u_lambda(samples));
  const double sum_of_weights = impl_->grid(samples, true, plane);
  if (!(sum_of_weights > kLeastSumOfWeights)) {
    fill(image, 0.0F);
    return sum_of_weights;
  }
  impl_->to_image(plane, 1.0 / sum_of_weights, image);
  float peak = 0;
  for (std::size_t y = 0; y < ny(); ++y) {
    for (std::size_t x = 0; x < nx(); ++x) {
      peak = std::max(peak, image(y, x));
    }
  }
  if (!(static_cast<double>(peak) > kLeastSumOfWeights)) {
    fill(image, 0.0F);
    return sum_of_weights;
  }
  for (std::size_t y = 0; y < ny(); ++y) {
    for (std::size_t x = 0; x < nx(); ++x) {
      image(y, x) /= peak;
    }
  }
  return sum_of_weights;
}

template <class Real>
void StandardGridder<Real>::predict(View<const float, 2> model, const PlaneSamples& geometry,
                                    View<std::complex<float>, 2> vis_out) const {
  require_image("StandardGridder::predict", model, ny(), nx());
  require_geometry("StandardGridder::predict", geometry);
  require_samples("StandardGridder::predict", "vis_out", vis_out, geometry);
  HalfPlane<Real> plane(impl_->u_axis, impl_->v_axis, largest_u_lambda(geometry));
  impl_->from_image(model, plane);
  parallel_ranges(geometry.uvw_m.extent(0), impl_->threads,
                  [&](std::size_t begin, std::size_t end) {
                    impl_->sample_rows(plane, geometry, vis_out, begin, end);
                  });
}

template <class Real>
std::size_t StandardGridder<Real>::footprint_bytes(std::size_t nx, std::size_t ny,
                                                   std::size_t threads) {
  const std::size_t u_size = padded_size(nx);
  const std::size_t v_size = padded_size(ny);
  return HalfPlane<Real>::footprint_bytes(u_size, v_size) +
         threads * RowBlock<Real>::bytes(u_size) + sizeof(Batch<Real>);
}

template class StandardGridder<float>;
template class StandardGridder<double>;

}  // namespace skymill::kernels
