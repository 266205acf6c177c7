// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>

#include <cstddef>
#include <optional>
#include <vector>

namespace skymill::radio {

/// One data channel that feeds an image plane.
struct DataChannel {
  int data_desc_id = 0;
  std::size_t channel = 0;  ///< within its spectral window
  double freq_hz = 0;
  double width_hz = 0;
};

/// One plane of the cube and the data channels that feed it, each at its own frequency.
struct PlaneChannels {
  std::vector<DataChannel> channels;
  double freq_hz = 0;   ///< centre of what the channels cover
  double width_hz = 0;  ///< what they cover
  /// Without channels: frequencies to which visibilities are interpolated, and from which data
  /// descriptions.
  std::vector<double> targets_hz;
  std::vector<int> descriptions;
};

/// The channels of all windows that have rows, by frequency as it is in the data.
std::vector<DataChannel> ascending_channels(const ObservationHeader& header);

/// Which data channels feed which plane: all windows' channels in one ascending list, cut into
/// planes of `width` channels from `start` on (imaging.md 2.5, channel mode, frame of the data).
/// @throws Error (description) when the list has not that many channels, or (input) when its
///         planes are not equidistant within 1 %
std::vector<PlaneChannels> spectral_grid(const ObservationHeader& header, std::size_t start,
                                         std::size_t width, std::optional<std::size_t> nchan);

}  // namespace skymill::radio
