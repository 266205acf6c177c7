// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/axes.h>
#include <stages/data/visibilities.h>
#include <stages/sky/model_image.h>

#include <complex>
#include <cstddef>
#include <optional>
#include <vector>

namespace skymill::radio {

/// A model image whose visibilities come from a transform, for all rows of a chunk at once: for
/// thousands of pixels that is far less work than the sum over them. To 1e-8 of the image's root
/// sum of squares (imaging.md 2.0); how the w term is treated depends on the chunk, within that.
class GriddedImage {
 public:
  /// Nothing unless the image's grid has its phase centre on a pixel, and all fields have it too.
  static std::optional<GriddedImage> of(const ModelImage& image, const ObservationHeader& header);

  /// Whether predict() can give these rows and is less work than the sum over the pixels.
  bool pays(const Visibilities& rows, const std::vector<double>& freq_hz) const;

  /// Replaces `vis` by the model of all rows, [row][chan] in Jy.
  /// @param channels  of the rows, by plane of the image
  void predict(const Visibilities& rows, const std::vector<double>& freq_hz,
               const std::vector<Extent>& channels, std::size_t threads,
               std::vector<std::complex<double>>& vis) const;

  /// Bytes that predict() works in and fills, for so many samples (rows × channels).
  std::size_t bytes(std::size_t samples, const ObservationHeader& header) const;

 private:
  /// A plane, [y][x].
  struct Plane {
    std::vector<double> flux_jy;
    std::size_t pixels = 0;
  };

  std::size_t nx_ = 0, ny_ = 0;
  double cell_x_rad_ = 0, cell_y_rad_ = 0;
  std::vector<Plane> planes_;
};

}  // namespace skymill::radio
