// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>
#include <stages/data/visibilities.h>
#include <stages/geometry/earth_orientation.h>
#include <stages/geometry/sky_frames.h>
#include <stages/uvh5/uvh5_file.h>

#include <cstddef>
#include <string>
#include <vector>

namespace skymill::radio {

/// Phase centres and uvw of data that were fringe-stopped to the meridian: each integration has a
/// centre of its own, the ICRS direction that had hour angle 0 and the pointing's declination then
/// (dsa110.md 2.4). The file's uvw are those of another date, in axes of that date.
class MeridianUvw {
 public:
  /// @param times_jd  UTC, of each integration
  /// @throws Error (input) when the table of Earth orientation lacks a date and `policy` is
  /// `refuse`
  MeridianUvw(const Uvh5Header& header, const std::vector<double>& times_jd,
              const EarthOrientation& earth, UvwKind kind, StalePolicy policy);

  /// A field for each integration.
  const std::vector<Field>& fields() const { return fields_; }
  /// Empty unless the Earth's orientation had to be guessed.
  const std::string& degradation() const { return degradation_; }

  /// Appends uvw = r(antenna1) - r(antenna2) to rows that have none; their field is their
  /// integration.
  void append(Visibilities& rows) const;

  /// The largest departure of a file's own uvw in one integration from ours, as a share of the
  /// baseline's length.
  double departure(std::size_t integration, const Uvh5Rows& rows) const;

  /// Bytes held.
  std::size_t bytes() const;

 private:
  std::vector<Field> fields_;
  std::vector<std::vector<Vector3>> antenna_uvw_m_;  ///< [integration][antenna]
  std::string degradation_;
};

}  // namespace skymill::radio
