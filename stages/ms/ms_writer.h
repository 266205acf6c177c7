// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20, and free of casacore (architecture.md 3.9).
#pragma once

#include <core/export.h>
#include <core/lane.h>
#include <stages/data/visibilities.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace skymill::radio {

/// For whom tiles are cut.
enum class MsTiles {
  time,     ///< whole spectra of some rows: what reads row after row, such as an imager of all
            ///< channels or a calibration
  channel,  ///< at most 16 channels of many rows: what reads a few channels of all times
};

/// What the header does not say about a new MeasurementSet.
///
/// A tile of DATA holds about `tile_bytes` and as many whole integrations as fit, or an even part
/// of one; thin columns (FLAG, UVW, WEIGHT, SIGMA) have tiles an eighth as large by the same rule.
/// Tiles of joined windows are as wide as one of these, so that each can be written on its own.
struct MsLayout {
  std::string application = "skymill";            ///< HISTORY.APPLICATION
  std::vector<std::string> history;               ///< HISTORY.MESSAGE, one row each
  std::size_t tile_bytes = std::size_t{5} << 18;  ///< bytes of a tile of DATA, 1.25 MiB
  MsTiles tiles = MsTiles::time;
  std::size_t integration_rows = 0;  ///< of one data description; 0 when not known
  bool join_windows = false;         ///< all windows become one, which follow each other in it
  bool model_column = false;         ///< make MODEL_DATA, all zero
  bool corrected_column = false;     ///< make CORRECTED_DATA, a copy of DATA
};

/// Writes a MeasurementSet, version 2, with the column DATA (calibration.md 4.2).
///
/// WEIGHT_SPECTRUM is made when a chunk brings weights that vary with the channel; rows without
/// such get their WEIGHT in every channel. SIGMA is 1/sqrt(WEIGHT), or -1 where the weight is not
/// positive (CASA's sign for "no weight"). Rows are added as they come, so that no cell is ever
/// left undefined. Memory does not grow with the table.
///
/// With `join_windows` every window must bring the same rows in the same order; rows are kept in
/// mind, at some 20 bytes and a few for each window, until the last window has brought them.
///
/// All work is done on one lane, and the object must be finished or destroyed there too. An object
/// destroyed without finish() removes what it wrote.
class SKYMILL_API MsWriter {
 public:
  /// @param path   of the draft; must not exist; the caller renames the finished table
  /// @param header `rows`, when known, only serves to keep tiles of small tables small
  /// @throws Error(input) also when windows that are to be joined do not join
  MsWriter(const Lane::Token& token, const std::string& path,
           std::shared_ptr<const ObservationHeader> header, const MsLayout& layout = {});
  ~MsWriter();
  MsWriter(MsWriter&&) noexcept;
  MsWriter& operator=(MsWriter&&) noexcept;

  /// Adds the rows at the end. Field, antenna and data description numbers are those of the header
  /// given at the start.
  /// @throws Error(input) when array sizes or numbers do not fit that header
  void append(const Lane::Token& token, const Visibilities& chunk);

  /// Completes OBSERVATION's time range, flushes and closes; append() fails afterwards.
  /// @throws Error(input) when joined windows have not all brought the same rows
  void finish(const Lane::Token& token);

  /// Of the table; joined windows share theirs.
  std::uint64_t rows_written() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Rows of the first integration in a chunk that holds more than one; 0 when it does not.
SKYMILL_API std::size_t rows_of_integration(const Visibilities& chunk);

}  // namespace skymill::radio
