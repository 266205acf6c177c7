// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/masked_pixels.h>
#include <stages/kernels/pixel_loops.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace skymill::kernels {

namespace {

// What a run costs beside its pixels, in pixels of a plane that is worked on as a whole.
constexpr std::size_t kRunCost = 16;

}  // namespace

MaskedPixels::MaskedPixels(View<const float, 2> plane, PixelRuns runs)
    : ny_(plane.extent(0)), nx_(plane.extent(1)), runs_(std::move(runs)) {
  start_.reserve(runs_.size());
  run_peak_.reserve(runs_.size());
  values_.reserve(count_pixels(runs_));
  for (const PixelRun& run : runs_) {
    const float* row = &plane(run.y, run.first);
    const std::size_t n = run.end - run.first;
    start_.push_back(values_.size());
    values_.insert(values_.end(), row, row + n);
    run_peak_.push_back(largest_pixel(row, n));
  }
}

PeakPixel MaskedPixels::peak() const {
  if (values_.empty()) {
    return {};
  }
  const auto best = std::max_element(run_peak_.begin(), run_peak_.end());
  const auto k = static_cast<std::size_t>(best - run_peak_.begin());
  const PixelRun& run = runs_[k];
  for (std::size_t i = start_[k]; i < start_[k] + run.end - run.first; ++i) {
    if (std::abs(values_[i]) == *best) {
      return {run.first + i - start_[k], run.y, values_[i]};
    }
  }
  return {run.first, run.y, 0};  // nothing but NaN
}

void MaskedPixels::subtract(View<const float, 2> psf, std::size_t x, std::size_t y, float flux) {
  const std::size_t half_x = nx_ / 2;
  const std::size_t half_y = ny_ / 2;
  const std::size_t box_first = x > half_x ? x - half_x : 0;
  const std::size_t box_end = std::min(nx_, x + half_x);
  for (std::size_t k = 0; k < runs_.size(); ++k) {
    const PixelRun& run = runs_[k];
    if (run.y + half_y < y || run.y >= y + half_y) {
      continue;
    }
    const std::size_t first = std::max(run.first, box_first);
    const std::size_t end = std::min(run.end, box_end);
    if (first >= end) {
      continue;
    }
    float* r = &values_[start_[k] + first - run.first];
    const float* p = &psf(run.y + half_y - y, first + half_x - x);
    const float inside = subtract_pixels(r, p, end - first, flux);
    const bool all = end - first == run.end - run.first;
    run_peak_[k] = all ? inside : largest_pixel(&values_[start_[k]], run.end - run.first);
  }
}

void MaskedPixels::subtract(View<const float, 2> plane) {
  for (std::size_t k = 0; k < runs_.size(); ++k) {
    const PixelRun& run = runs_[k];
    const float* from = &plane(run.y, run.first);
    float* r = &values_[start_[k]];
    for (std::size_t i = 0; i < run.end - run.first; ++i) {
      r[i] -= from[i];
    }
    run_peak_[k] = largest_pixel(r, run.end - run.first);
  }
}

void MaskedPixels::write(View<float, 2> plane) const {
  for (std::size_t k = 0; k < runs_.size(); ++k) {
    const float* from = &values_[start_[k]];
    std::copy(from, from + (runs_[k].end - runs_[k].first), &plane(runs_[k].y, runs_[k].first));
  }
}

bool packing_pays(const PixelRuns& runs, std::size_t plane_pixels) {
  return kRunCost * runs.size() + count_pixels(runs) < plane_pixels;
}

}  // namespace skymill::kernels
