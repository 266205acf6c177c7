// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/clean_control.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace skymill::kernels {

double psf_fraction(const CycleParameters& parameters, double sidelobe_level) {
  if (!(parameters.minpsffraction >= 0) ||
      !(parameters.maxpsffraction >= parameters.minpsffraction)) {
    throw std::invalid_argument("psf_fraction: minpsffraction " +
                                std::to_string(parameters.minpsffraction) + " and maxpsffraction " +
                                std::to_string(parameters.maxpsffraction) +
                                " are negative or out of order");
  }
  return std::clamp(parameters.cyclefactor * sidelobe_level, parameters.minpsffraction,
                    parameters.maxpsffraction);
}

double cyclethreshold(const CycleParameters& parameters, double sidelobe_level,
                      double peak_in_mask) {
  return std::max(parameters.threshold, peak_in_mask * psf_fraction(parameters, sidelobe_level));
}

std::size_t iterations_of_cycle(std::ptrdiff_t cycleniter, std::size_t niter, std::size_t done) {
  const std::size_t wanted = cycleniter > 0 ? static_cast<std::size_t>(cycleniter) : niter;
  return done >= niter ? 0 : std::min(wanted, niter - done);
}

}  // namespace skymill::kernels
