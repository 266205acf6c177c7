// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/image.h>
#include <stages/kernels/pixel_runs.h>

#include <string>
#include <vector>

namespace skymill::radio {

/// Whether a text begins as a region does: a shape and a bracket.
bool is_region_text(const std::string& text);

/// Puts together again what was cut at the commas of a region, as a list on the command line is:
/// items belong together until their brackets are closed, and options (`coord=...`) to the one
/// before.
std::vector<std::string> whole_items(const std::vector<std::string>& items);

/// The pixels inside at least one region of an image (imaging.md 1.5), in CASA's region texts
/// (CRTF): `circle[[x, y], r]`, `box[[x1, y1], [x2, y2]]`, `centerbox[[x, y], [w, h]]` and
/// `poly[[x, y], [x, y], ...]`. Pixels count from 0, `256pix`; places on the sky are as
/// `[12h30m49.4s, 12d23m28s]` or `[187.7deg, +12.23.28]`, in the image's frame or in that of
/// `coord=J2000` behind the region; lengths are in pix or angles. A pixel is inside when its centre
/// is, edges included. Colours, labels and the like behind a region are passed over.
/// @throws Error (description) naming the text that cannot be read
std::vector<kernels::PixelRun> region_runs(const std::vector<std::string>& texts,
                                           const ImageHeader& image);

}  // namespace skymill::radio
