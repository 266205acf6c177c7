// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/image.h>
#include <stages/image/channel_store.h>
#include <stages/image/image_params.h>
#include <stages/image/imaging_weights.h>

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// The beam that `restoringbeam` gives: a width, or major axis, minor axis and position angle;
/// nothing for an empty list and for `common`.
/// @throws Error (description) naming the text that cannot be read
std::optional<Beam> given_beam(const std::vector<std::string>& restoringbeam);

bool wants_common_beam(const std::vector<std::string>& restoringbeam);

/// The beam that holds those of all planes (imaging.md 2.9).
struct CommonBeam {
  Beam beam;
  std::vector<std::size_t> left_out;  ///< planes with a beam that is far too large, or none
};

/// Makes the middle of every plane's PSF, some planes at once, and of their beams the common one.
/// A PSF is the same sum whatever the size of the image, so its middle is made as an image of its
/// own: a hundredth of the memory and little more time than the gridding.
/// @param check called between planes; throws to stop
/// @throws Error (input) when no plane has a beam
CommonBeam common_beam_of(const ImageParams& params, const std::array<double, 2>& cell_rad,
                          const ChannelStore& store, const ImagingWeights& weights,
                          std::size_t most_samples, std::size_t threads,
                          const std::function<void()>& check);

}  // namespace skymill::radio
