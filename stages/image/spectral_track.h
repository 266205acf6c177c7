// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>
#include <stages/geometry/frequency_frames.h>
#include <stages/image/image_params.h>
#include <stages/image/spectral_axis.h>
#include <stages/image/spectral_grid.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skymill::radio {

/// The frame of the data's frequencies, as FITS and CASA name it; of the first window.
std::string frame_of_data(const ObservationHeader& header);

/// How the data's channels move along the axis of a cube while the Earth does (imaging.md 2.5).
class SpectralTrack {
 public:
  /// @param frame of the axis; nothing: that of the data, in which nothing moves
  /// @throws Error (input) when the data have a frame that cannot be converted, or several and
  ///         no frame is given
  SpectralTrack(const ObservationHeader& header, std::optional<FrequencyFrame> frame);

  /// Frequency on the axis over that of the data, at a moment.
  double ratio(int data_desc_id, double mjd_utc_s) const;
  /// Least and largest ratio of the whole observation, with a little margin.
  std::pair<double, double> range(int data_desc_id) const;

  const SpectralAxis& axis() const { return axis_; }
  void set_axis(const SpectralAxis& axis) { axis_ = axis; }

 private:
  std::optional<FrequencyFrame> frame_;
  std::vector<FrequencyFrame> data_frames_;  ///< by data description, when there is a frame
  std::unique_ptr<const FrequencyFrames> frames_;
  double first_s_ = 0;
  double last_s_ = 0;
  SpectralAxis axis_;
};

/// The planes of a cube and where their visibilities come from.
struct CubePlanes {
  std::vector<PlaneChannels> planes;
  std::string frame;  ///< of the planes' frequencies, as FITS and CASA name it
  std::shared_ptr<const SpectralTrack> track;  ///< absent: channels feed their plane at all times
};

/// Planes as specmode, start, width, nchan, outframe, veltype, restfreq and interpolation ask for.
///
/// `cubedata` by channels: as `spectral_grid`. `mfs`: one plane of all channels. Else the axis is
/// made of the channels as `outframe` sees them at the first time, and each visibility finds its
/// plane by its own time: `nearest` grids channels at their own frequencies, `linear` grids
/// visibilities interpolated to the planes' centres, or to floor(plane/channel) centres in each.
/// One plane, or a window of one channel, makes it nearest.
/// @throws Error as spectral_grid, spectral_axis and SpectralTrack
CubePlanes cube_planes(const ObservationHeader& header, const ImageParams& params);

}  // namespace skymill::radio
