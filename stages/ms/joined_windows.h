// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <stages/data/visibilities.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace skymill::radio::wall {

/// Windows that follow each other without a gap, seen as one.
struct JoinedWindows {
  std::shared_ptr<const ObservationHeader> header;  ///< with one window and data description
  std::vector<std::size_t> first_channel;           ///< in that window, by old DATA_DESC_ID
  std::size_t widest = 0;                           ///< channels of the widest old window
};

/// Joins all windows of the header; `path` names the product in messages.
/// @throws Error(input) when they overlap, leave gaps, descend, or differ in channel width, frame,
///         correlations or number of rows
JoinedWindows join_windows(const std::string& path, const ObservationHeader& header);

}  // namespace skymill::radio::wall
