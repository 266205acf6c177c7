// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

namespace skymill::kernels {

/// What sets the depth of a minor cycle, imaging.md 3.6.
struct CycleParameters {
  double cyclefactor = 1.0;
  double minpsffraction = 0.05;
  double maxpsffraction = 0.8;
  double threshold = 0;  ///< Jy/beam
};

/// clip(cyclefactor * sidelobe_level, minpsffraction, maxpsffraction).
/// Throws std::invalid_argument when the limits are negative or out of order.
double psf_fraction(const CycleParameters& parameters, double sidelobe_level);

/// max(threshold, peak_in_mask * psf_fraction), Jy/beam; the peak is max|r|.
double cyclethreshold(const CycleParameters& parameters, double sidelobe_level,
                      double peak_in_mask);

/// min(user's cycleniter or niter, niter - done); `cycleniter` <= 0 means niter. 0 when done.
std::size_t iterations_of_cycle(std::ptrdiff_t cycleniter, std::size_t niter, std::size_t done);

/// nsigma * mad_rms (+ median with an automatic mask), Jy/beam; imaging.md 3.5.
double nsigma_threshold(double nsigma, double mad_rms, double median, bool automask);

/// Why cleaning stopped; the numbers are tclean's stop codes (imaging.md 3.7).
enum class StopCode {
  kNone = 0,         ///< goes on; or, in the end, was never asked to clean
  kIterations = 1,   ///< niter reached
  kThreshold = 2,    ///< peak residual at or below the threshold
  kForced = 3,       ///< asked to stop
  kNoChange = 4,     ///< a major cycle left the peak as it was
  kRise = 5,         ///< peak more than four times that of the cycle before
  kRiseOverMin = 6,  ///< peak more than four times the least so far
  kEmptyMask = 7,    ///< nothing to clean
  kNsigma = 8,       ///< peak residual at or below the n-sigma threshold
  kMajorLimit = 9,   ///< nmajor reached
};

/// In words, for logs and summaries.
const char* stop_text(StopCode code);

/// Peaks rose: the model of the best cycle is the one to keep.
inline bool is_divergence(StopCode code) {
  return code == StopCode::kRise || code == StopCode::kRiseOverMin;
}

/// What a group of planes under common control has come to.
struct CleanState {
  std::size_t iterations = 0;      ///< summed over planes
  std::size_t major_cycles = 0;    ///< without the first residual
  double peak = 0;                 ///< largest |residual| inside the mask, Jy/beam
  double peak_without_mask = 0;    ///< and anywhere
  double nsigma_threshold = 0;     ///< of the noisiest plane, Jy/beam
  std::optional<double> mask_sum;  ///< pixels that may be cleaned; nullopt: there is no mask
  bool stop_asked = false;
};

struct StopParameters {
  std::size_t niter = 0;
  double threshold = 0;  ///< Jy/beam
  double nsigma = 0;
  std::optional<std::size_t> nmajor;
};

/// Whether to go on after a cycle, in tclean's order (imaging.md 3.7). Ask it after the mask has
/// been made and the peaks have been taken inside it, never before: imaging.md 4.5.
class StopTest {
 public:
  explicit StopTest(const StopParameters& parameters) : parameters_(parameters) {}

  /// kNone: go on. Peaks of such calls are those that later ones are compared with.
  StopCode check(const CleanState& state);

 private:
  std::optional<StopCode> limits(const CleanState& state) const;
  StopCode trouble(const CleanState& state) const;

  StopParameters parameters_;
  std::optional<double> last_peak_;
  std::optional<double> last_without_mask_;
  double least_without_mask_ = 0;
};

/// One call of a minor cycle on one plane, imaging.md 3.5.
struct PlaneLimits {
  std::size_t cycleniter = 0;
  double cyclethreshold = 0;    ///< Jy/beam
  double nsigma_threshold = 0;  ///< Jy/beam; 0: none
};

struct PlaneStep {
  std::size_t iterations = 0;
  double peak = 0;  ///< inside the mask, after the step
};

/// Why a minor cycle left a plane; the numbers are tclean's (imaging.md 3.5).
enum class PlaneStop {
  kSkipped = 0,      ///< no cleanable pixel; for the caller to find
  kIterations = 1,   ///< cycleniter reached
  kThreshold = 2,    ///< peak at or below cyclethreshold
  kNoIteration = 3,  ///< a step did nothing
  kRise = 4,         ///< peak above 1.1 times the least of this call
  kNsigma = 6,       ///< peak at or below the n-sigma threshold
};

const char* stop_text(PlaneStop code);

struct PlaneOutcome {
  std::size_t iterations = 0;
  double peak = 0;
  PlaneStop stop = PlaneStop::kSkipped;
};

/// Calls step(iterations, threshold) until a rule stops the plane: at once when it is below its
/// threshold already (kThreshold, no iteration). step cleans at most that many iterations down to
/// that peak; as in tclean a step is not cut by what is left of cycleniter when that is 5000 or
/// more.
PlaneOutcome run_minor_cycle(const PlaneLimits& limits, double peak,
                             const std::function<PlaneStep(std::size_t, double)>& step);

}  // namespace skymill::kernels
