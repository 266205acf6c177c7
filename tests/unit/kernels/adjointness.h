// SPDX-License-Identifier: GPL-3.0-or-later
// What every gridder owes: its degridding is the adjoint of its gridding.
#pragma once

#include <cmath>
#include <complex>
#include <cstddef>
#include <random>
#include <utility>
#include <vector>

#include "direct_sum.h"

namespace oracle {

/// |Re <w predict(x), v> - sumwt <x, dirty(v)>| over the size of its terms, for a model x of noise.
/// `Pixel` is the precision of images and predicted visibilities.
template <class Pixel, class Gridder>
double adjointness_error(const Gridder& gridder, const Data& data) {
  std::mt19937 random(3);
  std::normal_distribution<float> noise;
  ImageOf<Pixel> x(gridder.nx(), gridder.ny());
  for (auto& p : x.pixels) {
    p = noise(random);
  }
  ImageOf<Pixel> dirty(gridder.nx(), gridder.ny());
  const double sumwt = gridder.dirty(data.samples(), dirty.view());
  std::vector<std::complex<Pixel>> predicted(data.vis.size());
  gridder.predict(std::as_const(x).view(), data.samples(),
                  {predicted.data(), {data.rows, data.freq_hz.size()}});
  double left = 0;
  double scale = 0;
  for (std::size_t k = 0; k < predicted.size(); ++k) {
    const std::complex<double> term =
        std::conj(std::complex<double>(predicted[k])) * std::complex<double>(data.vis[k]);
    left += static_cast<double>(data.weight[k]) * term.real();
    scale += static_cast<double>(data.weight[k]) * std::abs(term);
  }
  double right = 0;
  for (std::size_t k = 0; k < x.pixels.size(); ++k) {
    right += sumwt * static_cast<double>(x.pixels[k]) * static_cast<double>(dirty.pixels[k]);
  }
  return std::abs(left - right) / scale;
}

}  // namespace oracle
