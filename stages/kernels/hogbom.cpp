// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/hogbom.h>
#include <stages/kernels/lazy_plane.h>
#include <stages/kernels/masked_pixels.h>
#include <stages/kernels/minor_cycle_checks.h>
#include <stages/kernels/pixel_loops.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace skymill::kernels {

namespace {

constexpr std::size_t kLanes = 16;

float largest_masked(const float* r, const float* mask, std::size_t n) {
  std::array<float, kLanes> lane{};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) {
      const float a = mask[i + k] > 0.5F ? std::abs(r[i + k]) : 0.0F;
      lane[k] = a > lane[k] ? a : lane[k];
    }
  }
  for (; i < n; ++i) {
    const float a = mask[i] > 0.5F ? std::abs(r[i]) : 0.0F;
    lane[0] = a > lane[0] ? a : lane[0];
  }
  return *std::max_element(lane.begin(), lane.end());
}

// A mask of less than this part of the plane is packed even where the plane could be lazy.
constexpr std::size_t kPackedShare = 64;

struct Box {
  std::size_t first = 0;
  std::size_t end = 0;
};

/// [p - n/2, p + n/2 - 1] clipped to [0, n).
Box box_around(std::size_t p, std::size_t n) {
  const std::size_t half = n / 2;
  return {p > half ? p - half : 0, std::min(n, p + half)};
}

/// The residual with the largest |r| of every row, so that a search after a subtraction looks
/// only at the rows which the subtraction changed.
class WholePlane {
 public:
  WholePlane(View<float, 2> residual, View<const float, 2> psf, View<const float, 2> mask)
      : residual_(residual), psf_(psf), mask_(mask) {
    const std::size_t ny = residual.extent(0);
    const std::size_t nx = residual.extent(1);
    spans_.assign(ny, Box{0, nx});
    row_peak_.assign(ny, 0.0F);
    for (std::size_t y = 0; y < ny; ++y) {
      if (mask_.data() != nullptr) {
        spans_[y] = masked_span(y);
      }
      cleanable_ = cleanable_ || spans_[y].end > spans_[y].first;
      refresh(y);
    }
  }

  bool cleanable() const { return cleanable_; }

  /// First pixel with the largest |r|, x fastest.
  PeakPixel peak() const {
    const auto best = std::max_element(row_peak_.begin(), row_peak_.end());
    const auto y = static_cast<std::size_t>(best - row_peak_.begin());
    if (!(*best > 0)) {
      return {0, y, 0};
    }
    const std::size_t x = peak_column(y);
    return {x, y, residual_(y, x)};
  }

  void subtract(std::size_t px, std::size_t py, float flux) {
    const std::size_t ny = residual_.extent(0);
    const std::size_t nx = residual_.extent(1);
    const Box rows = box_around(py, ny);
    const Box columns = box_around(px, nx);
    const std::size_t n = columns.end - columns.first;
    for (std::size_t y = rows.first; y < rows.end; ++y) {
      float* r = &residual_(y, columns.first);
      const float* p = &psf_(y + ny / 2 - py, columns.first + nx / 2 - px);
      const float inside = subtract_pixels(r, p, n, flux);
      if (mask_.data() == nullptr) {
        const float left = largest_pixel(&residual_(y, 0), columns.first);
        const float right = largest_pixel(r + n, nx - columns.end);
        row_peak_[y] = std::max({inside, left, right});
      } else {
        refresh(y);
      }
    }
  }

 private:
  /// Recomputes the peak of row y.
  void refresh(std::size_t y) {
    const Box span = spans_[y];
    const float* row = &residual_(y, span.first);
    const std::size_t n = span.end - span.first;
    row_peak_[y] = mask_.data() == nullptr ? largest_pixel(row, n)
                                           : largest_masked(row, &mask_(y, span.first), n);
  }

  /// First pixel of row y that is its peak.
  std::size_t peak_column(std::size_t y) const {
    std::size_t x = spans_[y].first;
    while (std::abs(residual_(y, x)) != row_peak_[y] ||
           (mask_.data() != nullptr && !(mask_(y, x) > 0.5F))) {
      ++x;
    }
    return x;
  }

  Box masked_span(std::size_t y) const {
    Box span;
    for (std::size_t x = 0; x < mask_.extent(1); ++x) {
      if (mask_(y, x) > 0.5F) {
        span.first = span.end == 0 ? x : span.first;
        span.end = x + 1;
      }
    }
    return span;
  }

  View<float, 2> residual_;
  View<const float, 2> psf_;
  View<const float, 2> mask_;
  std::vector<Box> spans_;  // of the cleanable pixels of a row
  std::vector<float> row_peak_;
  bool cleanable_ = false;
};

/// Only the pixels in the mask, one after the other.
class PackedPlane {
 public:
  PackedPlane(View<const float, 2> residual, View<const float, 2> psf, PixelRuns runs)
      : pixels_(residual, std::move(runs)), psf_(psf) {}

  std::size_t size() const { return pixels_.size(); }
  PeakPixel peak() const { return pixels_.peak(); }
  void subtract(std::size_t x, std::size_t y, float flux) { pixels_.subtract(psf_, x, y, flux); }
  void write(View<float, 2> residual) const { pixels_.write(residual); }

 private:
  MaskedPixels pixels_;
  View<const float, 2> psf_;
};

/// The cycle itself, on whatever holds the pixels.
template <class Pixels>
HogbomResult clean(Pixels& pixels, View<float, 2> model, const HogbomOptions& options) {
  HogbomResult result;
  PeakPixel peak = pixels.peak();
  result.start_peak = std::abs(peak.value);
  while (true) {
    result.peak = std::abs(peak.value);
    const bool grown =
        options.growth_limit > 0 && result.peak > options.growth_limit * result.start_peak;
    if (std::isinf(result.peak) || grown) {
      result.stop = HogbomStop::kDiverged;
      return result;
    }
    if (result.peak < options.threshold || result.peak == 0) {
      result.stop = HogbomStop::kThreshold;
      return result;
    }
    if (result.iterations == options.max_iterations) {
      result.stop = HogbomStop::kIterations;
      return result;
    }
    const float flux = options.gain * peak.value;
    if (model.data() != nullptr) {
      model(peak.y, peak.x) += flux;
    }
    pixels.subtract(peak.x, peak.y, flux);
    ++result.iterations;
    if (options.record_components) {
      result.components.push_back({peak.x, peak.y, flux});
    }
    peak = pixels.peak();
  }
}

HogbomResult clean_packed(View<float, 2> residual, View<const float, 2> psf, View<float, 2> model,
                          PixelRuns runs, const HogbomOptions& options) {
  PackedPlane pixels(residual, psf, std::move(runs));
  if (pixels.size() == 0) {
    return {0, 0, 0, HogbomStop::kEmptyMask, {}};
  }
  HogbomResult result = clean(pixels, model, options);
  pixels.write(residual);
  return result;
}

HogbomResult clean_lazily(View<float, 2> residual, View<const float, 2> psf, View<float, 2> model,
                          const HogbomOptions& options) {
  LazyPlane pixels(residual, psf, options.threshold);
  return clean(pixels, model, options);
}

/// What a lazy plane shall not find is no number any more.
void forget_outside(const PixelRuns& runs, View<float, 2> residual) {
  constexpr float kNothing = std::numeric_limits<float>::quiet_NaN();
  const RowsOfRuns rows(runs, residual.extent(0));
  for (std::size_t y = 0; y < residual.extent(0); ++y) {
    float* row = &residual(y, 0);
    std::size_t x = 0;
    for (const PixelRun* run = rows.begin_of(y); run != rows.end_of(y); ++run) {
      std::fill(row + x, row + run->first, kNothing);
      x = run->end;
    }
    std::fill(row + x, row + residual.extent(1), kNothing);
  }
}

HogbomResult clean_whole(View<float, 2> residual, View<const float, 2> psf, View<float, 2> model,
                         View<const float, 2> mask, const HogbomOptions& options) {
  WholePlane pixels(residual, psf, mask);
  if (!pixels.cleanable()) {
    return {0, 0, 0, HogbomStop::kEmptyMask, {}};
  }
  return clean(pixels, model, options);
}

}  // namespace

HogbomResult hogbom(View<float, 2> residual, View<const float, 2> psf, View<float, 2> model,
                    View<const float, 2> mask, const HogbomOptions& options) {
  require_planes("hogbom", residual, psf, model, mask);
  require_gain_and_threshold("hogbom", options.gain, options.threshold);
  if (mask.data() == nullptr && options.discard_residual) {
    return clean_lazily(residual, psf, model, options);
  }
  if (mask.data() != nullptr && (options.in_mask_only || options.discard_residual)) {
    PixelRuns runs = masked_runs(mask, residual.shape());
    if (packing_pays(runs, residual.size())) {
      return clean_packed(residual, psf, model, std::move(runs), options);
    }
  }
  return clean_whole(residual, psf, model, mask, options);
}

HogbomResult hogbom(View<float, 2> residual, View<const float, 2> psf, const PixelRuns& mask,
                    const HogbomOptions& options) {
  require_planes("hogbom", residual, psf, residual, {});
  require_gain_and_threshold("hogbom", options.gain, options.threshold);
  HogbomOptions recording = options;
  recording.record_components = true;
  const std::size_t inside = count_pixels(mask);
  if (inside == 0) {
    return {0, 0, 0, HogbomStop::kEmptyMask, {}};
  }
  if (options.discard_residual && inside * kPackedShare > residual.size()) {
    if (inside < residual.size()) {
      forget_outside(mask, residual);
    }
    return clean_lazily(residual, psf, {}, recording);
  }
  if (packing_pays(mask, residual.size())) {
    return clean_packed(residual, psf, {}, mask, recording);
  }
  if (inside == residual.size()) {
    return clean_whole(residual, psf, {}, {}, recording);
  }
  std::vector<float> plane(residual.size());
  const View<float, 2> dense(plane.data(), residual.shape());
  write_rows(mask, 0, dense);
  return clean_whole(residual, psf, {}, dense, recording);
}

}  // namespace skymill::kernels
