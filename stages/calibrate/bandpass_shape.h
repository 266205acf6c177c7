// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/solutions.h>

#include <cstddef>

namespace skymill::radio {

/// Divides each antenna's bandpass, by interval and polarisation, by its rms amplitude over all
/// channels of all windows; phases stay (calibration.md 5.2, solnorm). One factor for all windows
/// leaves the shape from window to window in the bandpass.
void normalise_bandpass(Solutions& solutions);

/// Fills gaps of up to `most` flagged channels within a window linearly, amplitude and unwrapped
/// phase apart; SNR and error of what is filled are those of the worse neighbour.
/// @return solutions filled
std::size_t fill_bandpass_gaps(std::size_t most, Solutions& solutions);

/// Replaces each good channel by the mean of the good ones within (width - 1) / 2 channels of it in
/// its window, amplitude and unwrapped phase apart; errors shrink as those of means do.
/// @param width  an odd number of channels
void smooth_bandpass(std::size_t width, Solutions& solutions);

}  // namespace skymill::radio
