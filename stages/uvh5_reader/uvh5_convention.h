// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/uvh5/uvh5_file.h>

#include <cstddef>
#include <vector>

namespace skymill::radio {

/// How channels and polarizations of a file are put in our order: channels ascending, correlations
/// by their Stokes code (XX, XY, YX, YY).
struct Uvh5Order {
  explicit Uvh5Order(const Uvh5Header& header);

  std::vector<std::size_t> channel;  ///< of the file, [our channel]
  std::vector<std::size_t> hand;     ///< of the file, [our correlation]
  std::vector<std::size_t> swapped;  ///< the same for the antennas exchanged: XY and YX change
  std::vector<int> corr_types;       ///< Stokes codes
};

/// Samples that were flagged though the file does not flag them.
struct RefusedSamples {
  std::size_t without_weight = 0;  ///< nsamples is no positive number
  std::size_t not_finite = 0;      ///< the visibility is no finite number

  RefusedSamples& operator+=(const RefusedSamples& more) {
    without_weight += more.without_weight;
    not_finite += more.not_finite;
    return *this;
  }
};

/// Turns rows of a file into ours and appends them.
///
/// UVH5 has uvw = r(2) - r(1); ours is r(1) - r(2), so that uvw is negated and data are conjugated
/// (calibration.md 1.4). A row with antenna1 > antenna2 has its antennas exchanged instead, which
/// does both already. Samples whose nsamples is no positive number, and data that are no finite
/// numbers, are flagged; the weight is the mean of nsamples over the channels left, and
/// `weight_spectrum` is kept only where nsamples changes along a row.
///
/// @param rows   without `uvw_m` the rows get no uvw: the caller knows better
/// @param cells  without `flag` nothing is flagged beforehand; without `nsamples` all samples weigh
///               `weight`
/// @param autocorrelations  false leaves out rows of an antenna with itself
RefusedSamples append_rows(const Uvh5Rows& rows, const Uvh5Cells& cells, const Uvh5Order& order,
                           bool autocorrelations, Visibilities& into, float weight = 1);

}  // namespace skymill::radio
