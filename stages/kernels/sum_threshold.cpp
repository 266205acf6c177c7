// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/rfi_loops.h>
#include <stages/kernels/rfi_median.h>
#include <stages/kernels/sum_threshold.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace skymill::kernels {

namespace {

constexpr std::size_t kSide = 64;       // channels whose runs in time are summed side by side
constexpr std::size_t kSample = 2048;   // residuals that tell the scatter
constexpr std::size_t kFewest = 32;     // without as many samples there is no scatter
constexpr std::size_t kFewestRows = 8;  // integrations or channels whose rms can be compared
constexpr double kMadToSigma = 1.482602218505602;
constexpr double kFirst = 6;           // chi_1 in sigma for a base threshold of 1
constexpr double kRunFactor = 1.5;     // by which the threshold of a mean falls as its run doubles
constexpr float kMost = 4;             // sigma that a sample counts at most in an integration's rms
constexpr float kStiffness = 0.01F;    // of slopes, in those of a full Gaussian
constexpr float kLeastWeight = 1e-6F;  // of a background that has any sample near it

/// A Gaussian, times the distance from its middle in sigma to the power of the moment.
std::vector<float> gaussian(std::size_t length, double sigma, int moment) {
  std::vector<float> taps(length);
  const double middle = static_cast<double>(length / 2);
  for (std::size_t k = 0; k < length; ++k) {
    const double x = (static_cast<double>(k) - middle) / sigma;
    taps[k] = static_cast<float>(std::pow(x, moment) * std::exp(-x * x / 2));
  }
  return taps;
}

/// Where fine samples lie between coarse ones, beyond the first and last on the line through two.
struct Between {
  std::size_t first = 0;
  float part = 0;
};
Between between(std::size_t fine, std::size_t resize, std::size_t coarse) {
  const auto step = static_cast<float>(resize);
  const float place = (static_cast<float>(fine) - (step - 1) / 2) / step;
  const std::size_t last = coarse > 1 ? coarse - 2 : 0;
  const std::size_t first = std::min(static_cast<std::size_t>(std::max(0.0F, place)), last);
  return {first, place - static_cast<float>(first)};
}

/// What is above the median by more than cut times the scatter; infinite where few are compared.
float outlier_limit(const std::vector<float>& values, double cut) {
  std::vector<float> there;
  there.reserve(values.size());
  for (const float value : values) {
    if (value >= 0) there.push_back(value);
  }
  if (there.size() < kFewestRows) return std::numeric_limits<float>::infinity();
  const float centre = median_of(there);
  for (float& value : there) value = std::abs(value - centre);
  return static_cast<float>(centre + cut * kMadToSigma * median_of(there));
}

void check(const SumThresholdParams& params) {
  const bool fits = params.base_threshold > 0 && params.iterations > 0 &&
                    params.sensitivity_step >= 1 && params.transient_factor > 0 &&
                    params.longest > 0 && params.time_resize > 0 && params.channel_resize > 0 &&
                    params.time_kernel % 2 == 1 && params.channel_kernel % 2 == 1 &&
                    params.time_sigma > 0 && params.channel_sigma > 0;
  if (!fits)
    throw std::invalid_argument(
        "SumThreshold: thresholds, lengths and widths must be > 0, "
        "kernels odd");
}

}  // namespace

SumThreshold::SumThreshold(std::size_t times, std::size_t channels,
                           const SumThresholdParams& params)
    : times_(times), channels_(channels), params_(params) {
  check(params);
  coarse_times_ = (times + params.time_resize - 1) / params.time_resize;
  coarse_channels_ = (channels + params.channel_resize - 1) / params.channel_resize;
  for (int moment = 0; moment < 3; ++moment) {
    const auto k = static_cast<std::size_t>(moment);
    time_taps_[k] = gaussian(params.time_kernel, params.time_sigma, moment);
    channel_taps_[k] = gaussian(params.channel_kernel, params.channel_sigma, moment);
  }
  for (std::size_t c = 0; c < channels; ++c) {
    const Between place = between(c, params.channel_resize, coarse_channels_);
    coarse_at_.push_back(static_cast<std::int32_t>(place.first));
    coarse_part_.push_back(place.part);
  }
  const std::size_t cells = times * channels;
  for (auto* plane : {&value_, &good_, &residual_, &free_}) plane->resize(cells);
  const std::size_t strip = std::max(times * std::min(kSide, channels), channels);
  for (auto* sums : {&sums_, &counts_, &next_sums_, &next_counts_}) sums->resize(strip);
  // Rows end in zeros for the channels' Gaussian, one at least: a single coarse channel lies
  // between itself and its copy.
  margin_ = params.channel_kernel / 2;
  row_ = coarse_channels_ + std::max<std::size_t>(1, margin_);
  const std::size_t coarse = coarse_times_ * row_;
  for (auto* values : {&coarse_sums_, &coarse_counts_, &background_}) values->resize(coarse);
  for (auto& values : time_moments_) values.resize(coarse + 2 * margin_);
  for (auto& values : moments_) values.resize(coarse);
}

std::size_t SumThreshold::bytes(std::size_t times, std::size_t channels) {
  const std::size_t cells = times * channels;
  const std::size_t strip = std::max(times * std::min(kSide, channels), channels);
  return sizeof(float) *
             (4 * cells + 4 * strip + 17 * (times + 1) * (channels + 1000) + 4 * channels) +
         sizeof(float) * kSample;
}

double SumThreshold::scatter(const std::vector<float>& values) {
  const std::size_t step = (values.size() / kSample) | 1;  // odd, to walk through all channels
  sample_.resize(values.size() / step + 1);
  std::size_t count = 0;
  for (std::size_t i = 0; i < values.size(); i += step) {
    sample_[count] = std::abs(values[i]);
    count += good_[i] * free_[i] > 0 ? 1 : 0;
  }
  sample_.resize(count);
  return sample_.empty() ? 0 : median_of(sample_);
}

bool SumThreshold::begin(const float* amplitude) {
  std::size_t samples = 0;
  for (std::size_t i = 0; i < value_.size(); ++i) {
    const bool good = amplitude[i] == amplitude[i];
    good_[i] = good ? 1 : 0;
    value_[i] = good ? amplitude[i] : 0;
    samples += good ? 1 : 0;
  }
  std::fill(free_.begin(), free_.end(), 1.0F);
  if (samples < kFewest) return false;
  residual_ = value_;
  return true;
}

void SumThreshold::find(const float* amplitude, double level, std::uint8_t* found) {
  if (!begin(amplitude)) {
    std::fill_n(found, value_.size(), 0);
    return;
  }
  for (std::size_t k = 0; k < params_.iterations; ++k) {
    const double factor =
        std::pow(params_.sensitivity_step, static_cast<double>(params_.iterations - 1 - k));
    sigma_ = std::max(kMadToSigma * scatter(residual_), kLeastScatter * level);
    std::fill(free_.begin(), free_.end(), 1.0F);
    look(factor * params_.base_threshold * kFirst * sigma_);
    if (k + 1 == params_.iterations) break;
    if (params_.time_cut > 0) cut_times(params_.time_cut);
    if (params_.channel_cut > 0) cut_channels(params_.channel_cut * factor);
    fit_background();
  }
  for (std::size_t i = 0; i < free_.size(); ++i) found[i] = free_[i] > 0 ? 0 : 1;
}

void SumThreshold::find_times(std::uint8_t* found) {
  if (params_.last_time_cut <= 0) return;
  for (std::size_t i = 0; i < free_.size(); ++i) free_[i] = found[i] != 0 ? 0 : 1;
  cut_times(params_.last_time_cut);
  for (std::size_t i = 0; i < free_.size(); ++i) found[i] = free_[i] > 0 ? 0 : 1;
}

void SumThreshold::look(double chi) {
  for (std::size_t c = 0; c < channels_; c += kSide) {
    look_along({c, channels_, times_, std::min(kSide, channels_ - c)}, chi);
  }
  for (std::size_t t = 0; t < times_; ++t) {
    look_along({t * channels_, 1, channels_, 1}, chi * params_.transient_factor);
  }
}

void SumThreshold::look_along(const Strip& strip, double chi) {
  const auto limit_of = [&](std::size_t length) {
    const auto run = static_cast<double>(length);
    return static_cast<float>(chi / std::pow(kRunFactor, std::log2(run)));
  };
  // Rows that follow each other in the plane are one.
  const std::size_t rows = strip.width == 1 ? 1 : strip.steps;
  const std::size_t row = strip.width == 1 ? strip.steps : strip.width;
  float limit = limit_of(1);
  bool any = false;
  for (std::size_t k = 0; k < rows; ++k) {
    const std::size_t place = strip.base + k * strip.stride;
    any |= begin_windows(&residual_[place], &free_[place], row, limit, &sums_[k * row]);
    std::copy_n(&free_[place], row, &counts_[k * row]);
  }
  if (any) mark(strip, 1, limit);
  for (std::size_t length = 2; length <= std::min(strip.steps, params_.longest); length *= 2) {
    limit = limit_of(length);
    const bool above =
        fold_windows(sums_.data(), counts_.data(), (strip.steps - length + 1) * strip.width,
                     length / 2 * strip.width, limit, next_sums_.data(), next_counts_.data());
    sums_.swap(next_sums_);
    counts_.swap(next_counts_);
    if (above) mark(strip, length, limit);
  }
}

void SumThreshold::mark(const Strip& strip, std::size_t length, float limit) {
  hit_.assign(strip.width, 0);
  for (std::size_t step = 0; step + length <= strip.steps; ++step) {
    for (std::size_t lane = 0; lane < strip.width; ++lane) {
      const std::size_t at = step * strip.width + lane;
      if (!(std::abs(sums_[at]) > limit * counts_[at])) continue;
      hit_[lane] = 1;
      for (std::size_t k = step; k < step + length; ++k) {
        free_[strip.base + k * strip.stride + lane] = 0;
      }
    }
  }
  for (std::size_t lane = 0; lane < strip.width; ++lane) {
    if (hit_[lane] != 0) sum_again(strip, length, lane);
  }
}

/// Sums of one lane without what is found by now.
void SumThreshold::sum_again(const Strip& strip, std::size_t length, std::size_t lane) {
  const std::size_t width = strip.width;
  for (std::size_t step = 0; step < strip.steps; ++step) {
    const std::size_t place = strip.base + step * strip.stride + lane;
    sums_[step * width + lane] = residual_[place] * free_[place];
    counts_[step * width + lane] = free_[place];
  }
  for (std::size_t half = 1; 2 * half <= length; half *= 2) {
    for (std::size_t step = 0; step + 2 * half <= strip.steps; ++step) {
      const std::size_t at = step * width + lane;
      sums_[at] += sums_[at + half * width];
      counts_[at] += counts_[at + half * width];
    }
  }
}

/// Single samples far out are not what makes an integration: a line that drifts through its
/// channels, not found yet, would hide a weak burst in others.
void SumThreshold::cut_times(double cut) {
  std::vector<float> rms(times_, -1.0F);
  const float most = kMost * static_cast<float>(sigma_);
  for (std::size_t t = 0; t < times_; ++t) {
    const std::size_t row = t * channels_;
    const Power all = power(&residual_[row], &good_[row], &free_[row], channels_, most * most);
    if (all.count > 0) rms[t] = std::sqrt(all.sum / all.count);
  }
  const float limit = outlier_limit(rms, cut);
  for (std::size_t t = 0; t < times_; ++t) {
    if (rms[t] > limit) std::fill_n(&free_[t * channels_], channels_, 0.0F);
  }
}

void SumThreshold::cut_channels(double cut) {
  std::vector<float> sum(channels_), count(channels_);
  for (std::size_t i = 0, t = 0; t < times_; ++t) {
    for (std::size_t c = 0; c < channels_; ++c, ++i) {
      const float there = good_[i] * free_[i];
      sum[c] += there * residual_[i] * residual_[i];
      count[c] += there;
    }
  }
  for (std::size_t c = 0; c < channels_; ++c) {
    sum[c] = count[c] > 0 ? std::sqrt(sum[c] / count[c]) : -1.0F;
  }
  const float limit = outlier_limit(sum, cut);
  for (std::size_t c = 0; c < channels_; ++c) {
    if (!(sum[c] > limit)) continue;
    for (std::size_t t = 0; t < times_; ++t) free_[t * channels_ + c] = 0;
  }
}

/// Sums and numbers of what is not found, in coarse cells.
void SumThreshold::average() {
  std::fill(coarse_sums_.begin(), coarse_sums_.end(), 0.0F);
  std::fill(coarse_counts_.begin(), coarse_counts_.end(), 0.0F);
  for (std::size_t t = 0; t < times_; ++t) {
    float* const sums = &coarse_sums_[t / params_.time_resize * row_];
    float* const counts = &coarse_counts_[t / params_.time_resize * row_];
    for (std::size_t c = 0, k = 0; k < coarse_channels_; ++k) {
      const std::size_t end = std::min(channels_, c + params_.channel_resize);
      for (; c < end; ++c) {
        const std::size_t i = t * channels_ + c;
        const float there = good_[i] * free_[i];
        sums[k] += there * value_[i];
        counts[k] += there;
      }
    }
  }
}

void SumThreshold::fit_background() {
  average();
  // Moments 0, 1, 2 in time of the numbers and 0, 1 of the sums; of these, as many in channels.
  for (std::size_t k = 0; k < 3; ++k) smooth_times(coarse_counts_, k, time_moments_[k]);
  for (std::size_t k = 0; k < 2; ++k) smooth_times(coarse_sums_, k, time_moments_[3 + k]);
  constexpr std::array<std::array<std::size_t, 2>, 9> kFrom{
      {{0, 0}, {1, 0}, {0, 1}, {2, 0}, {1, 1}, {0, 2}, {3, 0}, {4, 0}, {3, 1}}};
  for (std::size_t k = 0; k < kFrom.size(); ++k) {
    smooth_channels(time_moments_[kFrom[k][0]], kFrom[k][1], moments_[k]);
  }
  solve_background();
  for (std::size_t t = 0; t < times_; ++t) {
    const Between place = between(t, params_.time_resize, coarse_times_);
    const std::size_t second = std::min(place.first + 1, coarse_times_ - 1);
    subtract_background(&value_[t * channels_], &good_[t * channels_], channels_,
                        &background_[place.first * row_], &background_[second * row_], place.part,
                        coarse_at_.data(), coarse_part_.data(), &residual_[t * channels_]);
  }
}

/// The height in the middle of the plane that fits best around each coarse cell. A little of the
/// slopes' weight is theirs anyway, or samples all on one side could send them anywhere.
void SumThreshold::solve_background() {
  for (std::size_t t = 0; t < coarse_times_; ++t) {
    const std::size_t row = t * row_;
    std::array<const float*, 9> moments{};
    for (std::size_t k = 0; k < moments.size(); ++k) moments[k] = &moments_[k][row];
    plane_heights(moments.data(), coarse_channels_, kStiffness, kLeastWeight, &background_[row]);
    background_[row + coarse_channels_] = background_[row + coarse_channels_ - 1];
  }
}

void SumThreshold::smooth_times(const std::vector<float>& values, std::size_t moment,
                                std::vector<float>& out) {
  const std::vector<float>& taps = time_taps_[moment];
  const std::size_t middle = taps.size() / 2;
  for (std::size_t t = 0; t < coarse_times_; ++t) {
    const std::size_t first = t > middle ? t - middle : 0;
    const std::size_t end = std::min(t + middle + 1, coarse_times_);
    convolve(&values[first * row_], row_, row_, &taps[first + middle - t], end - first,
             &out[margin_ + t * row_]);
  }
}

/// Over all rows at once: between them, and before the first, there are zeros enough.
void SumThreshold::smooth_channels(const std::vector<float>& values, std::size_t moment,
                                   std::vector<float>& out) {
  const std::vector<float>& taps = channel_taps_[moment];
  convolve(values.data(), coarse_times_ * row_, 1, taps.data(), taps.size(), out.data());
}

}  // namespace skymill::kernels
