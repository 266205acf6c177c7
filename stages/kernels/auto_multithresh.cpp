// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/auto_multithresh.h>
#include <stages/kernels/exact_median.h>
#include <stages/kernels/grow_mask.h>
#include <stages/kernels/pixel_loops.h>
#include <stages/kernels/pixel_runs.h>
#include <stages/kernels/smooth_mask.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <string>
#include <utility>

namespace skymill::kernels {

namespace {

constexpr double kMadToSigma = 1.4826;  // of a Gaussian
constexpr int kClippingRounds = 5;
constexpr float kNothing = std::numeric_limits<float>::quiet_NaN();

/// The plane and which of its pixels count.
class MaskedPlane {
 public:
  explicit MaskedPlane(const AutoMultithreshPlane& plane)
      : residual_(plane.residual),
        valid_(plane.valid != nullptr ? *plane.valid : masked_runs({}, plane.residual.shape())),
        counting_(plane.pb != nullptr ? intersection(valid_, *plane.pb) : valid_),
        valid_rows_(valid_, ny()),
        counting_rows_(counting_, ny()) {}
  MaskedPlane(const MaskedPlane&) = delete;
  MaskedPlane& operator=(const MaskedPlane&) = delete;

  std::size_t ny() const { return residual_.extent(0); }
  std::size_t nx() const { return residual_.extent(1); }

  const PixelRuns& valid() const { return valid_; }
  bool valid(std::size_t y, std::size_t x) const { return valid_rows_.contains(y, x); }
  /// Valid and inside the primary beam.
  const PixelRuns& counting() const { return counting_; }

  float residual(std::size_t y, std::size_t x) const { return residual_(y, x); }
  View<const float, 2> residual() const { return residual_; }
  const float* row(std::size_t y) const { return &residual_(y, 0); }

  /// Writes pixels [x, x + n) of row y, NaN for those that statistics leave out.
  void copy(std::size_t y, std::size_t x, std::size_t n, float* out) const {
    constexpr float kLargest = std::numeric_limits<float>::max();
    std::size_t done = x;
    for (const PixelRun* run = counting_rows_.begin_of(y); run != counting_rows_.end_of(y); ++run) {
      const std::size_t first = std::max(run->first, x);
      const std::size_t end = std::min(run->end, x + n);
      if (first >= end) continue;
      std::fill(out + (done - x), out + (first - x), kNothing);
      const float* r = row(y);
      for (std::size_t i = first; i < end; ++i) {
        out[i - x] = std::abs(r[i]) <= kLargest ? r[i] : kNothing;
      }
      done = end;
    }
    std::fill(out + (done - x), out + n, kNothing);
  }

 private:
  View<const float, 2> residual_;
  PixelRuns valid_;
  PixelRuns counting_;
  RowsOfRuns valid_rows_;
  RowsOfRuns counting_rows_;
};

/// Calls part(y, x, n, done) for the parts of rows that make up pixels [first, first + n).
template <class Part>
void for_each_part(std::size_t first, std::size_t n, std::size_t nx, const Part& part) {
  for (std::size_t done = 0; done < n;) {
    const std::size_t y = (first + done) / nx;
    const std::size_t x = (first + done) % nx;
    const std::size_t length = std::min(n - done, nx - x);
    part(y, x, length, done);
    done += length;
  }
}

struct Noise {
  double median = 0;
  double rms = 0;
};

template <class Pixels>
Noise noise_of(const Pixels& pixels) {
  const std::vector<float> sample = sampled(pixels);
  const double centre = exact_median(pixels, sample);
  return {centre, kMadToSigma * exact_deviation(pixels, sample, centre)};
}

/// The largest |pixel| of every block of pixels: where none passes a threshold, a block need not be
/// looked at again.
class BlockPeaks {
 public:
  void add(const float* pixels, std::size_t n) {
    peaks_.push_back(largest_pixel(pixels, n));
    float finite = peaks_.back();
    if (std::isinf(finite)) {
      finite = 0;
      for (std::size_t i = 0; i < n; ++i) {
        if (std::isfinite(pixels[i])) finite = std::max(finite, std::abs(pixels[i]));
      }
    }
    largest_finite_ = std::max(largest_finite_, finite);
  }

  float of_block(std::size_t block) const { return peaks_[block]; }
  float largest_finite() const { return largest_finite_; }

 private:
  std::vector<float> peaks_;
  float largest_finite_ = 0;
};

/// Pixels of which the blocks' peaks are measured in passing.
class WatchedPixels {
 public:
  WatchedPixels(const PixelsOfRuns& pixels, BlockPeaks& peaks) : pixels_(pixels), peaks_(peaks) {}

  template <class Visit>
  void for_each_block(const Visit& visit) const {
    peaks_ = {};
    pixels_.for_each_block([&](const float* pixels, std::size_t n) {
      peaks_.add(pixels, n);
      visit(pixels, n);
    });
  }

 private:
  const PixelsOfRuns& pixels_;
  BlockPeaks& peaks_;
};

/// z with erfc(z / sqrt 2) = 1 / (2 n): beyond it half a pixel of n is expected.
double chauvenet_limit(std::size_t n) {
  const double wanted = 0.5 / static_cast<double>(n);
  double low = 0;
  double high = 40;
  for (int step = 0; step < 100; ++step) {
    const double middle = 0.5 * (low + high);
    (std::erfc(middle / std::numbers::sqrt2) > wanted ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

/// The values that Chauvenet's criterion leaves lie from first to second.
template <class Fill>
std::pair<double, double> chauvenet_range(std::size_t total, const Fill& fill) {
  std::pair<double, double> range{-std::numeric_limits<double>::infinity(),
                                  std::numeric_limits<double>::infinity()};
  std::vector<float> block(kMedianBlock);
  const auto sum_over = [&](const auto& term) {
    double sum = 0;
    for (std::size_t first = 0; first < total; first += kMedianBlock) {
      const std::size_t n = std::min(kMedianBlock, total - first);
      fill(first, n, block.data());
      for (std::size_t i = 0; i < n; ++i) {
        const auto value = static_cast<double>(block[i]);
        if (value >= range.first && value <= range.second) {
          sum += term(value);
        }
      }
    }
    return sum;
  };
  double before = 0;
  for (int round = 0; round < kClippingRounds; ++round) {
    const double count = sum_over([](double) { return 1.0; });
    if (count < 2 || count == before) {
      break;
    }
    const double mean = sum_over([](double value) { return value; }) / count;
    const double variance =
        sum_over([mean](double value) { return (value - mean) * (value - mean); }) / (count - 1);
    const double reach = chauvenet_limit(static_cast<std::size_t>(count)) * std::sqrt(variance);
    range = {mean - reach, mean + reach};
    before = count;
  }
  return range;
}

/// The noise outside the old mask, or without what Chauvenet's criterion leaves out.
Noise slow_noise(const MaskedPlane& plane, const PixelRuns& old_mask) {
  const std::size_t total = plane.ny() * plane.nx();
  const auto all = [&](std::size_t first, std::size_t n, float* out) {
    for_each_part(first, n, plane.nx(),
                  [&](std::size_t y, std::size_t x, std::size_t length, std::size_t done) {
                    plane.copy(y, x, length, out + done);
                  });
  };
  const RowsOfRuns old_rows(old_mask, plane.ny());
  std::size_t free_pixels = 0;
  const auto outside_mask = [&](std::size_t first, std::size_t n, float* out) {
    all(first, n, out);
    for_each_part(first, n, plane.nx(),
                  [&](std::size_t y, std::size_t x, std::size_t length, std::size_t done) {
                    const PixelRun* run = old_rows.begin_of(y);
                    for (; run != old_rows.end_of(y); ++run) {
                      for (std::size_t i = std::max(x, run->first);
                           i < std::min(x + length, run->end); ++i) {
                        out[done + i - x] = kNothing;
                      }
                    }
                  });
    for (std::size_t i = 0; i < n; ++i) {
      free_pixels += std::isnan(out[i]) ? 0 : 1;
    }
  };
  const Noise noise = noise_of(FilledPixels(total, outside_mask));
  if (!old_mask.empty() && free_pixels > 0) {
    return noise;
  }
  const auto [least, most] = chauvenet_range(total, all);
  const auto clipped = [&, least = least, most = most](std::size_t first, std::size_t n,
                                                       float* out) {
    all(first, n, out);
    for (std::size_t i = 0; i < n; ++i) {
      const auto value = static_cast<double>(out[i]);
      out[i] = value >= least && value <= most ? out[i] : kNothing;
    }
  };
  return noise_of(FilledPixels(total, clipped));
}

/// imaging.md 4.1.
void measure(const MaskedPlane& plane, const PixelRuns& old_mask, bool fastnoise, BlockPeaks& peaks,
             AutoMultithreshReport& report) {
  const PixelsOfRuns pixels(plane.residual(), plane.counting());
  const WatchedPixels watched(pixels, peaks);
  Noise noise;
  if (fastnoise) {
    const std::vector<float> sample = sampled(pixels);
    noise.median = exact_median(watched, sample);
    noise.rms = kMadToSigma * exact_deviation(pixels, sample, noise.median);
  } else {
    watched.for_each_block([](const float*, std::size_t) {});
    noise = slow_noise(plane, old_mask);
  }
  report.absmax = static_cast<double>(peaks.largest_finite());
  report.median = noise.median;
  report.rms = noise.rms;
}

/// imaging.md 4.2.
void set_thresholds(const AutoMultithreshOptions& o, double sidelobe_level,
                    AutoMultithreshReport& r) {
  const double side = o.sidelobethreshold * sidelobe_level * r.absmax;
  const double low = o.lownoisethreshold * r.rms;
  r.mask_threshold = std::max(side, o.noisethreshold * r.rms) + r.median;
  r.low_threshold = std::max(side, low) + r.median;
  r.negative_threshold = -std::max(side, o.negativethreshold * r.rms) + r.median;
  r.by_sidelobe = side + r.median == r.mask_threshold;
}

/// Above a threshold that is not negative, below one that is.
struct Beyond {
  explicit Beyond(double a_threshold) : threshold(a_threshold) {}
  bool operator()(float value) const {
    const auto v = static_cast<double>(value);
    return threshold < 0 ? v < threshold : v > threshold;
  }
  double threshold;
};

/// The valid pixels beyond a threshold, from the peaks of their blocks.
PixelRuns pixels_beyond(const MaskedPlane& plane, const BlockPeaks& peaks, double threshold) {
  const Beyond beyond(threshold);
  PixelRuns runs;
  std::size_t block = 0;
  for (const PixelRun& valid : plane.valid()) {
    const float* row = plane.row(valid.y);
    for (std::size_t x = valid.first; x < valid.end; x += kMedianBlock, ++block) {
      if (!(static_cast<double>(peaks.of_block(block)) > std::abs(threshold))) {
        continue;
      }
      for (std::size_t i = x; i < std::min(x + kMedianBlock, valid.end); ++i) {
        if (beyond(row[i])) {
          add_pixel(valid.y, i, runs);
        }
      }
    }
  }
  return runs;
}

void check_runs(const char* what, const PixelRuns& runs, View<const float, 2> residual) {
  for (const PixelRun& run : runs) {
    if (run.y >= residual.extent(0) || run.end > residual.extent(1)) {
      throw std::invalid_argument(std::string("auto_multithresh: the ") + what +
                                  " reaches pixel (" + std::to_string(run.y) + ", " +
                                  std::to_string(run.end - 1) + ") of a residual of [" +
                                  std::to_string(residual.extent(0)) + "][" +
                                  std::to_string(residual.extent(1)) + "] (y, x)");
    }
  }
}

void check(const AutoMultithreshPlane& plane, const PixelRuns& mask) {
  if (plane.residual.empty() || plane.residual.stride(1) != 1) {
    throw std::invalid_argument(
        "auto_multithresh: the residual needs its pixels of a row one after the other");
  }
  check_runs("mask", mask, plane.residual);
  if (plane.valid != nullptr) check_runs("list of valid pixels", *plane.valid, plane.residual);
  if (plane.pb != nullptr) check_runs("primary beam", *plane.pb, plane.residual);
  const GaussianBeam& beam = plane.beam;
  if (!(beam.major_rad > 0) || !(beam.minor_rad > 0) || !std::isfinite(beam.major_rad) ||
      !(plane.cell_x_rad < 0) || !(plane.cell_y_rad > 0)) {
    throw std::invalid_argument("auto_multithresh: a beam of " + std::to_string(beam.major_rad) +
                                " by " + std::to_string(beam.minor_rad) + " rad on cells of " +
                                std::to_string(plane.cell_x_rad) + " and " +
                                std::to_string(plane.cell_y_rad) +
                                " rad; widths and cell y must be positive, cell x negative");
  }
}

}  // namespace

AutoMultithresh::AutoMultithresh(const AutoMultithreshOptions& options) : options_(options) {
  const std::pair<const char*, double> at_least_zero[] = {
      {"sidelobethreshold", options.sidelobethreshold},
      {"noisethreshold", options.noisethreshold},
      {"lownoisethreshold", options.lownoisethreshold},
      {"negativethreshold", options.negativethreshold},
      {"minbeamfrac", options.minbeamfrac},
      {"cutthreshold", options.cutthreshold}};
  for (const auto& [name, value] : at_least_zero) {
    if (!(value >= 0) || !std::isfinite(value)) {
      throw std::invalid_argument(std::string("auto_multithresh: ") + name + " is " +
                                  std::to_string(value) + "; it must not be negative");
    }
  }
  if (!(options.smoothfactor > 0) || !(options.cutthreshold < 1)) {
    throw std::invalid_argument("auto_multithresh: smoothfactor " +
                                std::to_string(options.smoothfactor) + " and cutthreshold " +
                                std::to_string(options.cutthreshold) +
                                "; the first must be above 0 and the second below 1");
  }
}

AutoMultithreshReport AutoMultithresh::update(const AutoMultithreshPlane& input, PixelRuns& mask) {
  check(input, mask);
  AutoMultithreshReport report;
  report.pixels = count_pixels(mask);
  const auto old_pixels = static_cast<double>(report.pixels);
  if (skip_) {
    report.skipped = true;
    return report;
  }
  const std::array<std::size_t, 2> shape = input.residual.shape();
  const MaskedPlane plane(input);
  BlockPeaks peaks;
  measure(plane, mask, options_.fastnoise, peaks, report);
  if (input.pb != nullptr) {  // thresholds count outside the beam, statistics do not
    WatchedPixels({plane.residual(), plane.valid()}, peaks)
        .for_each_block([](const float*, std::size_t) {});
  }
  set_thresholds(options_, input.sidelobe_level, report);

  const double least_pixels = options_.minbeamfrac * input.beam.solid_angle_sr() /
                              std::abs(input.cell_x_rad * input.cell_y_rad);
  GaussianBeam smoothing = input.beam;
  smoothing.major_rad *= options_.smoothfactor;
  smoothing.minor_rad *= options_.smoothfactor;
  const auto pruned = [&](PixelRuns runs) {
    return options_.minbeamfrac > 0 ? without_small_regions(std::move(runs), least_pixels) : runs;
  };
  const auto smoothed = [&](const PixelRuns& runs) {
    return smooth_and_cut(runs, shape, smoothing, input.cell_x_rad, input.cell_y_rad,
                          options_.cutthreshold);
  };
  // The steps of imaging.md 4.3. The positive mask of earlier cycles is part of `mask` already.
  PixelRuns found = smoothed(pruned(pixels_beyond(plane, peaks, report.mask_threshold)));
  if (input.iterations_done > 0 && options_.growiterations > 0 && !mask.empty()) {
    const Beyond beyond(report.low_threshold);
    PixelRuns grown =
        grow_mask(mask, shape, options_.growiterations, [&](std::size_t y, std::size_t x) {
          return beyond(plane.residual(y, x)) && plane.valid(y, x);
        });
    found =
        united(found, smoothed(options_.dogrowprune ? pruned(std::move(grown)) : std::move(grown)));
  }
  if (options_.negativethreshold > 0) {
    found = united(found, smoothed(pixels_beyond(plane, peaks, report.negative_threshold)));
  }
  mask = intersection(united(mask, found), plane.counting());
  report.pixels = count_pixels(mask);
  const double change = std::abs(static_cast<double>(report.pixels) - old_pixels);
  const bool settled = options_.minpercentchange >= 0 && input.cyclethreshold == input.threshold &&
                       (change == 0 || change < options_.minpercentchange / 100 * old_pixels);
  skip_ = !report.by_sidelobe && (report.pixels == 0 || settled);
  return report;
}

}  // namespace skymill::kernels
