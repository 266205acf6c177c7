// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/clean_control.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace skymill::kernels {

namespace {

constexpr double kNear = 0.01;       // of a threshold counts as there
constexpr double kSamePeak = 1e-10;  // Jy/beam
constexpr double kMostRise = 3;      // of the peak, over what it was
constexpr double kMostGrowth = 1.1;  // of a plane's peak in one call
constexpr std::size_t kFewIterations = 5000;
constexpr std::size_t kStep = 2000;

}  // namespace

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

double nsigma_threshold(double nsigma, double mad_rms, double median, bool automask) {
  return nsigma * mad_rms + (automask ? median : 0);
}

const char* stop_text(StopCode code) {
  switch (code) {
    case StopCode::kNone:
      return "not stopped";
    case StopCode::kIterations:
      return "iteration limit";
    case StopCode::kThreshold:
      return "threshold";
    case StopCode::kForced:
      return "stopped on request";
    case StopCode::kNoChange:
      return "no change in a major cycle";
    case StopCode::kRise:
      return "peak residual rose more than threefold over the cycle before";
    case StopCode::kRiseOverMin:
      return "peak residual rose more than threefold over its minimum";
    case StopCode::kEmptyMask:
      return "empty mask";
    case StopCode::kNsigma:
      return "n-sigma threshold";
    case StopCode::kMajorLimit:
      return "major cycle limit";
  }
  return "unknown";
}

const char* stop_text(PlaneStop code) {
  switch (code) {
    case PlaneStop::kSkipped:
      return "no cleanable pixel";
    case PlaneStop::kIterations:
      return "cycleniter";
    case PlaneStop::kThreshold:
      return "cyclethreshold";
    case PlaneStop::kNoIteration:
      return "no iteration";
    case PlaneStop::kRise:
      return "peak residual rose";
    case PlaneStop::kNsigma:
      return "n-sigma threshold";
  }
  return "unknown";
}

StopCode StopTest::check(const CleanState& state) {
  if (state.major_cycles == 0 && state.iterations == 0 && state.mask_sum == 0.0) {
    return StopCode::kEmptyMask;
  }
  StopCode code = limits(state).value_or(StopCode::kNone);
  if (code == StopCode::kNone) {
    code = trouble(state);
  }
  if (code == StopCode::kNone && parameters_.nmajor && state.major_cycles >= *parameters_.nmajor) {
    code = StopCode::kMajorLimit;
  }
  if (code == StopCode::kNone) {
    least_without_mask_ = last_without_mask_
                              ? std::min(least_without_mask_, state.peak_without_mask)
                              : state.peak_without_mask;
    last_without_mask_ = state.peak_without_mask;
    last_peak_ = state.peak;
  }
  return code;
}

std::optional<StopCode> StopTest::limits(const CleanState& state) const {
  // A threshold of zero is not reached within a hundredth of it: as tclean, no special case.
  const auto reached = [&](double threshold) {
    return state.peak <= threshold || std::abs(state.peak - threshold) / threshold < kNear;
  };
  std::optional<StopCode> code;
  if (state.iterations >= parameters_.niter) {
    code = StopCode::kIterations;
  }
  if (reached(parameters_.threshold)) {
    code = StopCode::kThreshold;
  }
  if (parameters_.nsigma != 0 && reached(state.nsigma_threshold)) {
    code = StopCode::kNsigma;
  }
  if (state.stop_asked) {
    code = StopCode::kForced;
  }
  return code;
}

StopCode StopTest::trouble(const CleanState& state) const {
  if (state.mask_sum == 0.0) {
    return StopCode::kEmptyMask;
  }
  if (!last_peak_) {
    return StopCode::kNone;
  }
  if (state.major_cycles > 0 && std::abs(state.peak - *last_peak_) < kSamePeak) {
    return StopCode::kNoChange;
  }
  const double peak = state.peak_without_mask;
  if (std::abs(peak - *last_without_mask_) / *last_without_mask_ > kMostRise) {
    return StopCode::kRise;
  }
  if ((peak - least_without_mask_) / least_without_mask_ > kMostRise) {
    return StopCode::kRiseOverMin;
  }
  return StopCode::kNone;
}

PlaneOutcome run_minor_cycle(const PlaneLimits& limits, double peak,
                             const std::function<PlaneStep(std::size_t, double)>& step) {
  const double threshold = std::max(limits.cyclethreshold, limits.nsigma_threshold);
  const std::size_t most = limits.cycleniter < kFewIterations ? limits.cycleniter : kStep;
  PlaneOutcome out;
  out.peak = peak;
  double least = peak;
  while (true) {
    if (out.iterations >= limits.cycleniter) {
      out.stop = PlaneStop::kIterations;
      return out;
    }
    if (out.peak <= threshold) {
      const bool by_noise = limits.nsigma_threshold > limits.cyclethreshold;
      out.stop = by_noise ? PlaneStop::kNsigma : PlaneStop::kThreshold;
      return out;
    }
    if (out.peak > kMostGrowth * least) {
      out.stop = PlaneStop::kRise;
      return out;
    }
    const PlaneStep done = step(most, threshold);
    out.iterations += done.iterations;
    out.peak = done.peak;
    if (done.iterations == 0) {
      out.stop = PlaneStop::kNoIteration;
      return out;
    }
    least = std::min(least, out.peak);
  }
}

}  // namespace skymill::kernels
