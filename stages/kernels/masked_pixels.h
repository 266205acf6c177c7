// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/pixel_runs.h>
#include <stages/kernels/view.h>

#include <cstddef>
#include <vector>

namespace skymill::kernels {

/// A pixel and its value.
struct PeakPixel {
  std::size_t x = 0;
  std::size_t y = 0;
  float value = 0;
};

/// A packed copy of the pixels that a mask leaves, for minor cycles: a subtraction costs what the
/// mask holds and not what the image holds. The same bits as on the whole plane.
class MaskedPixels {
 public:
  /// plane [y][x] with unit stride in x; the runs lie inside it, in order of rows.
  MaskedPixels(View<const float, 2> plane, PixelRuns runs);

  std::size_t size() const { return values_.size(); }

  /// The first pixel in order of rows with the largest |value|; NaN is passed over. Value 0 when
  /// there is no other.
  PeakPixel peak() const;

  /// pixel -= flux * psf, the psf's centre (ny/2, nx/2) laid on (y, x), inside
  /// [p - n/2, p + n/2 - 1] only (imaging.md 3.1). psf has the plane's shape, unit stride in x.
  void subtract(View<const float, 2> psf, std::size_t x, std::size_t y, float flux);

  /// pixel -= the same pixel of the plane.
  void subtract(View<const float, 2> plane);

  /// Calls visit(x, y, value) for every pixel in order of rows.
  template <class Visit>
  void for_each(const Visit& visit) const {
    std::size_t k = 0;
    for (const PixelRun& run : runs_) {
      for (std::size_t x = run.first; x < run.end; ++x) {
        visit(x, run.y, values_[k++]);
      }
    }
  }

  /// Puts the pixels back into their plane.
  void write(View<float, 2> plane) const;

 private:
  std::size_t ny_ = 0;
  std::size_t nx_ = 0;
  PixelRuns runs_;
  std::vector<std::size_t> start_;  // of every run in values_
  std::vector<float> values_;
  std::vector<float> run_peak_;
};

/// True when a minor cycle on the packed pixels is cheaper than one on the whole plane.
bool packing_pays(const PixelRuns& runs, std::size_t plane_pixels);

}  // namespace skymill::kernels
