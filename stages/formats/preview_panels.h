// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/formats.
#pragma once

#include "preview_axis.h"
#include "preview_canvas.h"
#include "preview_colour.h"
#include "preview_png.h"

namespace skymill::radio {

inline constexpr double kTickLength = 7;
inline constexpr double kTickTextSize = 15;
inline constexpr double kAxisTextSize = 17;

/// Draws the plane with its axes, beam, markers and colour bar into the largest rectangle of the
/// image's shape inside `room`; labels are drawn outside of `room`.
void draw_image_panel(Canvas& canvas, const Box& room, const PreviewInput& input,
                      const PixelSummary& summary, const UnitScale& scale);

/// Draws peak (left axis) and rms (right axis) of every channel against frequency.
void draw_spectrum_panel(Canvas& canvas, const Box& box, const PreviewInput& input);

}  // namespace skymill::radio
