// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace skymill::kernels {

/// The site's strategy (dsa110.md 3.3) in the terms of Offringa et al. 2010 (MNRAS 405, 155), but
/// with three rounds instead of four, which find as much.
struct SumThresholdParams {
  double base_threshold = 1.2;    ///< of a single sample, in six sigma
  std::size_t iterations = 3;     ///< fits of the background, the last without one after it
  double sensitivity_step = 2;    ///< by which thresholds fall from one to the next
  double transient_factor = 0.8;  ///< thresholds of runs of channels by those of runs of times
  std::size_t longest = 64;       ///< longest run of samples that is looked at together
  std::size_t time_resize = 2;    ///< integrations that are averaged before the background's fit
  std::size_t channel_resize = 2;
  std::size_t time_kernel = 21;  ///< lengths of the Gaussian that makes the background, averages
  std::size_t channel_kernel = 31;
  double time_sigma = 2.5;  ///< its widths, averages
  double channel_sigma = 5;
  double time_cut = 3.5;  ///< integrations whose rms is so many sigma above the others'; 0 = none
  double last_time_cut = 4;  ///< the same once flags have grown; 0 = none
  double channel_cut = 3;    ///< channels likewise, times the thresholds' factor; 0 = none
};

/// SumThreshold on amplitudes of one baseline: a smooth background is fitted to what was not found
/// yet and taken out, by planes under a Gaussian (a mean alone would be off at the edges); runs of
/// 1, 2, 4, … samples in time, then in frequency, whose mean differs from it by more than chi_1
/// / 1.5^log2(M) are interference, with what was found in shorter runs left out of the sums. chi_1
/// = 6 times base_threshold and sigma, the scatter by the median of |residual| (of a fixed sample
/// of at most 2048). Integrations and channels whose rms stands out do not count for the
/// background; to the rms of an integration no sample adds more than 4 sigma.
///
/// Samples that are no numbers count as background: they are not found, and let nothing be found.
/// Holds the memory that a plane needs; one object a thread.
class SumThreshold {
 public:
  /// @throws std::invalid_argument when a parameter makes no sense
  SumThreshold(std::size_t times, std::size_t channels, const SumThresholdParams& params);

  /// @param amplitude  [time][channel], less their median; not a number where there is no sample
  /// @param level      that median: a scatter of less than 1e-4 of it is no noise
  /// @param found      [time][channel], set to 1 where interference is and to 0 elsewhere
  void find(const float* amplitude, double level, std::uint8_t* found);
  /// Adds integrations whose rms of what is not found is above last_time_cut; after find().
  void find_times(std::uint8_t* found);

  /// Bytes that an object holds.
  static std::size_t bytes(std::size_t times, std::size_t channels);

 private:
  struct Strip {
    std::size_t base;    ///< place of the first sample in the plane
    std::size_t stride;  ///< of the plane, from one step to the next
    std::size_t steps;   ///< samples along the runs
    std::size_t width;   ///< runs side by side
  };

  bool begin(const float* amplitude);
  void look(double chi);
  void look_along(const Strip& strip, double chi);
  void mark(const Strip& strip, std::size_t length, float limit);
  void sum_again(const Strip& strip, std::size_t length, std::size_t lane);
  void cut_times(double cut);
  void cut_channels(double cut);
  void fit_background();
  void average();
  void smooth_times(const std::vector<float>& values, std::size_t moment, std::vector<float>& out);
  void smooth_channels(const std::vector<float>& values, std::size_t moment,
                       std::vector<float>& out);
  void solve_background();
  double scatter(const std::vector<float>& values);

  std::size_t times_, channels_, coarse_times_, coarse_channels_;
  SumThresholdParams params_;
  std::array<std::vector<float>, 3> time_taps_, channel_taps_;  ///< of moments 0 to 2
  std::vector<std::int32_t> coarse_at_;  ///< [channel] coarse channel before it
  std::vector<float> coarse_part_;       ///< [channel] share of the one after
  std::vector<float> value_, good_;      ///< [time][channel]; good: 1 = a sample
  std::vector<float> residual_, free_;   ///< free: 1 = not found
  std::vector<float> sums_, counts_, next_sums_, next_counts_;
  std::size_t margin_ = 0, row_ = 0;  ///< zeros at the end of a coarse row, and its length
  // [coarse time][coarse channel], as are the moments: in time, then in channels.
  std::vector<float> coarse_sums_, coarse_counts_, background_;
  std::array<std::vector<float>, 5> time_moments_;
  std::array<std::vector<float>, 9> moments_;
  std::vector<float> sample_;
  std::vector<std::uint8_t> hit_;
  double sigma_ = 0;  ///< of the residuals of the round
};

}  // namespace skymill::kernels
