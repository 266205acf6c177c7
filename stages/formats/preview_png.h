// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>
#include <stages/data/image.h>

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// A source drawn as an open circle.
struct PreviewMarker {
  double ra_rad = 0;
  double dec_rad = 0;
  std::string label;  ///< may be empty
};

/// What a preview shows: one plane, and for a cube the spectrum of peak and rms below it.
struct PreviewInput {
  ImageHeader header;
  std::vector<float> pixels;        ///< [y][x], x fastest, nx*ny; NaN is drawn grey
  std::string product;              ///< for the title, such as "image"
  std::string unit;                 ///< such as "Jy/beam"; Jy is scaled to mJy, µJy by range
  std::optional<std::size_t> chan;  ///< the channel shown; nothing = all channels together
  std::optional<Beam> beam;         ///< of the plane shown
  std::optional<double> peak;       ///< in `unit`; by default the plane's largest value
  std::optional<double> rms;     ///< in `unit`; by default 1.4826 × the plane's median deviation
  std::vector<float> chan_peak;  ///< [chan] in `unit`, NaN = gap; empty = no spectrum panel
  std::vector<float> chan_rms;   ///< [chan] in `unit`, NaN = gap; may be empty
  std::vector<PreviewMarker> markers;
  std::optional<std::array<double, 2>> reference_pixel;  ///< from 0; default nx/2, ny/2
};

/// Draws a figure of 1100 x 900 pixels (1100 x 1056 with a spectrum), north up and east left for a
/// negative cell_x_rad, and renames it into place as `path`, replacing what was there. Equal input
/// gives equal bytes.
///
/// @throws Error kind description when sizes contradict each other or there are no pixels;
///   resources when no space is left; failed for every other refusal of the file system
SKYMILL_API void render_preview(const std::filesystem::path& path, const PreviewInput& input);

}  // namespace skymill::radio
