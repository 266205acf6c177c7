// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/grid_choice.h>
#include <stages/kernels/w_term.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace skymill::kernels {

std::size_t grid_cells(std::size_t image_pixels, double oversampling) {
  const auto least =
      static_cast<std::size_t>(std::ceil(oversampling * static_cast<double>(image_pixels)));
  const std::size_t step = least < 128 ? 2 : 8;
  // A plane must be wider than the taps that are folded in from either side.
  std::size_t size = (std::max<std::size_t>(least, 2 * kMostTaps) + step - 1) / step * step;
  const auto smooth = [](std::size_t n) {
    for (const std::size_t prime : {2U, 3U, 5U, 7U}) {
      while (n % prime == 0) {
        n /= prime;
      }
    }
    return n == 1;
  };
  while (!smooth(size)) {
    size += step;
  }
  return size;
}

GridCost::GridCost(const KernelChoice& kernel, std::size_t nx, std::size_t ny, std::size_t samples,
                   std::size_t real_bytes)
    : u_size(grid_cells(nx, kernel.oversampling)), v_size(grid_cells(ny, kernel.oversampling)) {
  const auto bytes = static_cast<double>(real_bytes);
  const auto cells = [](std::size_t a, std::size_t b) {
    return static_cast<double>(a) * static_cast<double>(b);
  };
  plane = (0.5 * cells(u_size, v_size) + cells(u_size, ny)) * 0.6 * bytes;
  const double vectors = std::ceil(2.0 * kernel.taps * bytes / 64);
  sample = static_cast<double>(samples) *
           (25 + 2.0 * kernel_degree(kernel.taps) + kernel.taps * vectors * 1.5);
}

KernelChoice choose_kernel(std::size_t nx, std::size_t ny, const WGridderOptions& options,
                           std::size_t real_bytes) {
  const bool single = real_bytes == sizeof(float);
  const double w_amplification =
      options.w_term == WTerm::kIgnored ? 1 : least_stacking_amplification(options.accuracy);
  std::optional<KernelChoice> best;
  double least = 0;
  for (const KernelChoice& kernel : kernel_choices()) {
    if (!keeps_accuracy(kernel, options.accuracy,
                        kernel.amplification * kernel.amplification * w_amplification,
                        real_bytes)) {
      continue;
    }
    const GridCost cost(kernel, nx, ny, options.expected_samples, real_bytes);
    if (!best || cost.plane + cost.sample < least) {
      best = kernel;
      least = cost.plane + cost.sample;
    }
  }
  // Beyond these no rounding is left to spare.
  const double finest = single ? 1e-6 : 1e-12;
  if (!best || !(options.accuracy >= finest && options.accuracy <= 0.1)) {
    std::ostringstream words;
    words << "WGridder: an accuracy of " << options.accuracy << " is outside what "
          << (single ? "single" : "double") << " precision gives, " << finest << " to 0.1";
    throw std::invalid_argument(words.str());
  }
  return *best;
}

}  // namespace skymill::kernels
