// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/uvh5/uvh5_file.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace skymill::radio {

/// What all subbands of an observation share, from the row arrays of one file.
struct Uvh5Index {
  std::vector<double> times_jd;              ///< distinct times, ascending
  std::vector<std::size_t> first_rows;       ///< of each time, and the number of rows at the end;
                                             ///< empty unless the rows are ordered by time
  std::vector<std::size_t> crosses_before;   ///< rows of two antennas before each of first_rows
  std::size_t crosses = 0;
  double max_uvw_m = 0;
  std::uint64_t fingerprint = 0;             ///< of antennas and times of all rows, in order
};

/// Reads the row arrays in blocks.
Uvh5Index index_rows(const Uvh5File& file);

struct Uvh5Group {
  std::vector<Uvh5File> files;  ///< ascending in frequency
  Uvh5Index index;
  std::vector<std::string> missing;  ///< names of subbands that are not there
};

/// Files that the inputs name: files, directories (their *.uvh5 and *.hdf5 without those still
/// being written, `*_incomplete.hdf5`) and patterns with * and ?. Sorted, each once.
/// @throws Error (input) when an input names nothing
std::vector<std::string> find_uvh5_files(const std::vector<std::string>& inputs);

/// Opens the files of one observation: those that start at the same time by their headers.
///
/// @param observation  start of an ISO time such as 2025-10-02T06:30; empty: there must be one only
/// @param expected     number of subbands; 0: sixteen for the DSA-110's own files, else as found
/// @throws Error (input) for several observations, two files of one subband, subbands that differ
///         in antennas or rows
Uvh5Group open_observation(const std::vector<std::string>& paths, const std::string& observation,
                           std::size_t expected);

}  // namespace skymill::radio
