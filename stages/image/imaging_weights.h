// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/image/image_params.h>
#include <stages/kernels/samples.h>
#include <stages/kernels/weighting.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// The taper that `uvtaper` asks for: nothing for an empty list, else one width, or major axis,
/// minor axis and position angle. Widths in wavelengths are half widths at half maximum in the uv
/// plane, angles full widths in the image (imaging.md 1.4, 2.3).
/// @throws Error (description) naming the text that cannot be read
std::optional<kernels::UvTaper> parse_uvtaper(const std::vector<std::string>& texts);

/// Imaging weights of the planes of a cube as the parameters ask for them (imaging.md 2.2, 2.3).
class ImagingWeights {
 public:
  /// @param cell_rad pixel size in x and y, > 0
  /// @param fracbw   fractional bandwidth of the full cube, for briggsbwtaper
  /// @throws Error (description) when briggsbwtaper has no bandwidth
  ImagingWeights(const ImageParams& params, const std::array<double, 2>& cell_rad, double fracbw);

  /// Whether all planes share one density; then add() every plane before the first weights().
  bool joint() const { return joint_; }
  void add(const kernels::PlaneSamples& plane);

  /// Writes the weights of a plane, [row][chan]; samples that do not count get 0.
  /// @param hands that each sample stands for
  void weights(const kernels::PlaneSamples& plane, int hands, kernels::View<float, 2> out) const;

  /// Bytes of the joint density; 0 when every plane has its own.
  static std::size_t joint_bytes(const ImageParams& params);
  /// Bytes that weights() needs besides its arguments.
  static std::size_t scratch_bytes(const ImageParams& params);

 private:
  kernels::DensityGrid grid(kernels::DensityCells cells) const;

  std::array<std::size_t, 2> imsize_;
  std::array<double, 2> cell_rad_;
  kernels::Weighting weighting_;
  bool radial_ = false;
  std::size_t box_ = 0;
  std::optional<kernels::UvTaper> taper_;
  bool joint_ = false;
  std::optional<kernels::DensityGrid> density_;  ///< made with the first plane added
};

}  // namespace skymill::radio
