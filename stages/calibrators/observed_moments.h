// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/lane.h>
#include <stages/data/visibilities.h>

#include <memory>
#include <string>
#include <vector>

namespace skymill::radio {

/// An integration of a field.
struct ObservedMoment {
  double mjd_utc_s = 0;
  std::size_t field = 0;
  std::size_t integration = 0;  ///< number, counted over all fields
};

/// When an observation looked where.
struct ObservedMoments {
  std::shared_ptr<const ObservationHeader> header;
  std::vector<ObservedMoment> moments;  ///< in order of time
};

/// Of a MeasurementSet or a UVH5 file; no visibilities are read.
/// @throws Error (input) when it is neither, cannot be read or has no rows
ObservedMoments observed_moments(const std::string& path, Lanes& lanes);

}  // namespace skymill::radio
