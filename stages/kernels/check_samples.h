// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: what the gridders ask of their arguments.
#pragma once

#include <stages/kernels/samples.h>
#include <stages/kernels/view.h>

#include <cmath>
#include <complex>
#include <cstddef>
#include <stdexcept>
#include <string>

namespace skymill::kernels {

inline constexpr double kLightSpeed = 299792458.0;  // m/s

inline std::string shape_words(std::size_t a, std::size_t b) {
  return "[" + std::to_string(a) + "][" + std::to_string(b) + "]";
}

template <class T>
void require_image(const std::string& where, View<T, 2> image, std::size_t ny, std::size_t nx) {
  if (image.data() == nullptr || image.extent(0) != ny || image.extent(1) != nx) {
    throw std::invalid_argument(where + ": the image is " +
                                shape_words(image.extent(0), image.extent(1)) +
                                " (y, x) but the gridder was made for " + shape_words(ny, nx));
  }
}

template <class T>
void require_samples(const std::string& where, const char* what, View<T, 2> values,
                     const PlaneSamples& samples) {
  const std::size_t rows = samples.uvw_m.extent(0);
  const std::size_t chans = samples.freq_hz.extent(0);
  if (values.extent(0) != rows || values.extent(1) != chans ||
      (rows * chans > 0 && values.data() == nullptr)) {
    throw std::invalid_argument(where + ": " + what + " is " +
                                shape_words(values.extent(0), values.extent(1)) +
                                " but rows and channels are " + shape_words(rows, chans));
  }
}

inline void require_geometry(const std::string& where, const PlaneSamples& samples) {
  if (samples.uvw_m.extent(0) > 0 && samples.uvw_m.extent(1) != 3) {
    throw std::invalid_argument(where + ": uvw_m is " +
                                shape_words(samples.uvw_m.extent(0), samples.uvw_m.extent(1)) +
                                " but needs three coordinates a row");
  }
  for (std::size_t c = 0; c < samples.freq_hz.extent(0); ++c) {
    if (!(samples.freq_hz(c) > 0) || !std::isfinite(samples.freq_hz(c))) {
      throw std::invalid_argument(where + ": the frequency of channel " + std::to_string(c) +
                                  " is " + std::to_string(samples.freq_hz(c)) + " Hz");
    }
  }
}

inline bool finite(std::complex<float> value) {
  return std::isfinite(value.real()) && std::isfinite(value.imag());
}

}  // namespace skymill::kernels
