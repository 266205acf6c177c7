// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace skymill::kernels {

/// The scale-invariant rank operator (Offringa, van de Gronde & Roerdink 2012, A&A 539, A95) along
/// times, then along channels: flags every sample that lies in a run of which at least 1 - share
/// are flagged. In linear time, by sums that count flagged and others against each other.
/// @param flag        [time][channel], 1 = flagged
/// @param missing     [time][channel], 1 = no sample: counts for neither; or null
/// @param time_share, channel_share  0 to 1, in steps of 0.001; 0 = none
void dilate_flags(std::size_t times, std::size_t channels, double time_share, double channel_share,
                  const std::uint8_t* missing, std::uint8_t* flag);

/// Flags integrations of which more than the share `of_channels` is flagged, and channels of which
/// more than `of_times` is; of what was flagged before, missing samples left out. 1 = none.
void fill_flags(std::size_t times, std::size_t channels, double of_times, double of_channels,
                const std::uint8_t* missing, std::uint8_t* flag);

}  // namespace skymill::kernels
