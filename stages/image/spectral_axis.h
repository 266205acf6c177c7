// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/image/spectral_grid.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// Equidistant centres of a cube's planes in one frame; the step may be negative.
struct SpectralAxis {
  double first_hz = 0;
  double step_hz = 0;
  std::size_t nchan = 0;

  double freq_hz(std::size_t plane) const {
    return first_hz + step_hz * static_cast<double>(plane);
  }
  /// The plane nearest to a frequency, as floor(p + 0.5); nothing beyond the ends.
  std::optional<std::size_t> plane_of(double freq_hz) const;
};

/// Which axis is asked for, in tclean's words.
struct AxisRequest {
  std::string start;  ///< centre of the first plane: channel, frequency or velocity; empty: the end
  std::string width;  ///< of a plane, likewise, signed; empty: that of the first data channel
  std::optional<std::size_t> nchan;  ///< without it all that the data fill
  bool optical = false;              ///< velocities are c (rest/freq - 1), else c (1 - freq/rest)
  double rest_hz = 0;                ///< for velocities
};

/// Whether `text` counts channels: a whole number or nothing.
bool is_channel(const std::string& text);

/// The axis of a cube (imaging.md 2.5). A whole number is a channel of the list (`start`) or a
/// number of widths of its first (`width`); else frequency or velocity by the unit. A negative
/// frequency width or a positive velocity width descends, from the upper end of the data when there
/// is no start. Velocities are equidistant in frequency, steps as from the first plane to the next.
///
/// @param channels ascending, frequencies and widths in the frame of the axis
/// @throws Error (description) for texts that are neither, start and width of different kinds,
///         planes narrower than the narrowest channel by more than a thousandth, and an axis that
///         leaves the data by more than a hundredth of a plane
SpectralAxis spectral_axis(const std::vector<DataChannel>& channels, const AxisRequest& request);

}  // namespace skymill::radio
