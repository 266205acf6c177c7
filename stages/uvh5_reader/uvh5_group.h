// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/uvh5/uvh5_file.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace skymill::radio {

/// What all subbands of an observation share: how its rows lie in time.
struct Uvh5Index {
  std::vector<double> times_jd;   ///< distinct times, ascending
  std::vector<std::size_t> ends;  ///< row after the last of each time; empty unless the rows
                                  ///< are in order of time
  std::size_t rows = 0;
  std::size_t crosses = 0;  ///< rows of two antennas
  double max_uvw_m = 0;

  /// The integration, counted from 0, in which a row lies. @throws std::out_of_range
  std::size_t integration(std::size_t row) const;
};

/// Finds how the rows of a file lie in time.
///
/// Where Nblts = Ntimes Nbls and the first and last row of every block of Nbls agree in their time,
/// integrations are taken to be those blocks, and all to have the baselines of the first: the
/// arrays of a long observation are read once, with its data, and `require_index` then proves it.
/// Otherwise all of them are read here.
Uvh5Index index_rows(const Uvh5File& file);

/// @throws Error (input) when rows [first, first + count) of a file do not lie as the index says
void require_index(const Uvh5Index& index, const Uvh5File& file, const Uvh5Rows& rows,
                   std::size_t first);

/// @throws Error (input) when two subbands differ in times or antennas of the same rows
void require_same_rows(const Uvh5File& a, const Uvh5Rows& rows_of_a, const Uvh5File& b,
                       const Uvh5Rows& rows_of_b);

/// The files of one observation, a subband each.
struct Uvh5Group {
  std::vector<Uvh5File> files;  ///< ascending in frequency
  Uvh5Index index;
  std::vector<std::string> missing;   ///< names of the subbands that are not there
  std::vector<int> missing_subbands;  ///< the same as numbers, of the DSA-110 only
};

/// Files that the inputs name: files, directories (their *.uvh5, *.hdf5 and *.h5, without
/// `*_incomplete.hdf5`, which the correlator still writes) and patterns with * and ? in the last
/// part. Each once, sorted.
/// @throws Error (input) when an input names nothing
std::vector<std::string> find_uvh5_files(const std::vector<std::string>& inputs);

/// Whether the correlator of the DSA-110 made the file.
bool is_dsa110(const Uvh5Header& header);

/// Opens the files of one observation: those that start at the same time by their headers, since
/// times in file names jitter (dsa110.md 1.4).
///
/// @param observation  start of an ISO time such as 2025-10-02T06:30; empty: there must be one only
/// @param expected     number of subbands; 0: sixteen for the DSA-110's own files, else as found
/// @throws Error (input) for several observations, two files of one subband, subbands that differ
///         in antennas, number of rows or phasing
Uvh5Group open_observation(const std::vector<std::string>& paths, const std::string& observation,
                           std::size_t expected);

/// MJD UTC seconds.
inline double mjd_seconds(double jd) { return (jd - 2400000.5) * 86400; }

/// `2025-10-02T06:30:00` for a Julian date, UTC, to the nearest second.
std::string iso_time(double jd);

}  // namespace skymill::radio
