// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>
#include <stages/uvh5/uvh5_file.h>
#include <stages/uvh5/uvh5_layout.h>

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

  Uvh5Layout layout = Uvh5Layout::writer;
  int deflate = 1;             ///< level, of the layout `seed`; 0: no filters
  bool latest_format = false;  ///< HDF5's newest structures instead of those that all can read
  std::size_t rows = 0;        ///< of the whole file; layouts that do not grow need it
};

/// Writes a subband as the correlator of the DSA-110 does (dsa110.md 1.6), or with the same data
/// laid out otherwise; the data are fringe-stopped to the meridian.
class SKYMILL_API Uvh5Writer {
 public:
  /// @param path must not exist
  /// @throws Error (failed) when the file cannot be made
  Uvh5Writer(const std::string& path, const Uvh5Subband& subband);
  ~Uvh5Writer();
  Uvh5Writer(Uvh5Writer&&) noexcept;
  Uvh5Writer& operator=(Uvh5Writer&&) noexcept;

  /// Adds whole integrations: rows and cells in the file's own order and sign convention.
  /// @throws Error when array sizes do not fit together, or the disk refuses
  void append(const Uvh5Rows& rows, const Uvh5Cells& cells);
  /// Closes; append fails afterwards.
  /// @throws Error (input) when a file of fixed size has not got all its rows
  void finish();

  std::size_t rows_written() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymill::radio
