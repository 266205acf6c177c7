// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/padded_size.h>
#include <stages/kernels/plane_convolver.h>

#include <algorithm>

namespace skymill::kernels {

PlaneConvolver::PlaneConvolver(std::size_t ny, std::size_t nx)
    : ny_(ny),
      nx_(nx),
      padded_y_(smooth_even_size(ny + ny / 2 + 1)),
      padded_x_(smooth_even_size(nx + nx / 2 + 1)),
      forward_(FftPlan<float>::real_to_complex_2d(padded_y_, padded_x_)),
      backward_(FftPlan<float>::complex_to_real_2d(padded_y_, padded_x_)),
      pixels_(padded_y_ * padded_x_) {}

void PlaneConvolver::clear() { std::fill_n(pixels_.data(), pixels_.size(), 0.0F); }

PlaneConvolver::Spectrum PlaneConvolver::transform() {
  Spectrum spectrum(padded_y_ * (padded_x_ / 2 + 1));
  forward_.execute(pixels_.data(), spectrum.data());
  return spectrum;
}

PlaneConvolver::Spectrum PlaneConvolver::of_plane(View<const float, 2> plane) {
  clear();
  for (std::size_t y = 0; y < ny_; ++y) {
    for (std::size_t x = 0; x < nx_; ++x) {
      pixels_[y * padded_x_ + x] = plane(y, x);
    }
  }
  return transform();
}

PlaneConvolver::Spectrum PlaneConvolver::of_kernel(View<const float, 2> kernel) {
  clear();
  const std::size_t half_y = ny_ / 2;
  const std::size_t half_x = nx_ / 2;
  const float scale = 1.0F / static_cast<float>(pixels_.size());
  for (std::size_t y = 0; y < 2 * half_y; ++y) {
    const std::size_t row = (y + padded_y_ - half_y) % padded_y_;
    for (std::size_t x = 0; x < 2 * half_x; ++x) {
      pixels_[row * padded_x_ + (x + padded_x_ - half_x) % padded_x_] = scale * kernel(y, x);
    }
  }
  return transform();
}

PlaneConvolver::Spectrum PlaneConvolver::of_small_kernel(View<const float, 2> kernel) {
  clear();
  const float scale = 1.0F / static_cast<float>(pixels_.size());
  for (std::size_t y = 0; y < kernel.extent(0); ++y) {
    const std::size_t row = (y + padded_y_ - kernel.extent(0) / 2) % padded_y_;
    for (std::size_t x = 0; x < kernel.extent(1); ++x) {
      const std::size_t column = (x + padded_x_ - kernel.extent(1) / 2) % padded_x_;
      pixels_[row * padded_x_ + column] = scale * kernel(y, x);
    }
  }
  return transform();
}

void PlaneConvolver::to_plane(Spectrum& product, View<float, 2> result) {
  backward_.execute(product.data(), pixels_.data());
  for (std::size_t y = 0; y < ny_; ++y) {
    for (std::size_t x = 0; x < nx_; ++x) {
      result(y, x) = pixels_[y * padded_x_ + x];
    }
  }
}

PlaneConvolver::Spectrum PlaneConvolver::multiply(const Spectrum& a, const Spectrum& b) {
  Spectrum product(a.size());
  for (std::size_t k = 0; k < a.size(); ++k) {
    // Written out: the operator of complex numbers looks for infinities.
    product[k] = {a[k].real() * b[k].real() - a[k].imag() * b[k].imag(),
                  a[k].real() * b[k].imag() + a[k].imag() * b[k].real()};
  }
  return product;
}

}  // namespace skymill::kernels
