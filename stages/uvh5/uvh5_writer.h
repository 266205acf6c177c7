// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>
#include <stages/uvh5/uvh5_file.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace skymill::radio {

/// What a new subband file of the DSA-110 says besides its rows.
struct Uvh5Subband {
  std::string telescope_name = "OVRO_MMA";
  std::string history;
  GeodeticPosition position;
  std::vector<Antenna> antennas;  ///< all station slots, absolute ITRF; numbers count from 0
  std::size_t antennas_in_data = 0;
  std::size_t baselines = 0;       ///< with those of an antenna with itself
  std::vector<double> freq_hz;     ///< descending, as the correlator has it
  double width_hz = 0;             ///< of a channel, where there is but one
  std::vector<int> polarizations;  ///< AIPS codes
  double pointing_dec_rad = 0;     ///< apparent
  std::vector<int> delays_ns;      ///< [antenna][polarization], 2 each; empty: all zero
};

/// Writes a subband in the layout of the DSA-110 correlator (dsa110.md 1.6): growable data sets in
/// the chunks that h5py takes by itself, no filters, data fringe-stopped to the meridian.
class SKYMILL_API Uvh5Writer {
 public:
  /// @param path must not exist
  /// @throws Error (failed) when the file cannot be made
  Uvh5Writer(const std::string& path, const Uvh5Subband& subband);
  ~Uvh5Writer();
  Uvh5Writer(Uvh5Writer&&) noexcept;
  Uvh5Writer& operator=(Uvh5Writer&&) noexcept;

  /// Adds one integration: rows and cells in the file's own order and sign convention.
  /// @throws Error when array sizes do not fit together, or the disk refuses
  void append(const Uvh5Rows& rows, const Uvh5Cells& cells);
  /// Completes the header and closes; append fails afterwards.
  void finish();

  std::size_t rows_written() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymill::radio
