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

/// Which rows, channels and column of a MeasurementSet are read. Texts are in the syntax of
/// MSSelection, as CASA's tasks have it; empty ones select all.
struct MsSelection {
  /// "corrected", "data" or "model". "corrected" falls back to DATA when the MS has no
  /// CORRECTED_DATA; MsReader::used_column() tells which was taken.
  std::string datacolumn = "corrected";
  std::string fields;  ///< `3`, `2~4`, `J10*`
  /// `0:5~61;70~80,1`, `*:1.42~1.43GHz`, names; channels are cut out. Of a range that begins beyond
  /// the end of a window casacore takes the last channel.
  std::string spws;
  std::string scans;      ///< `2,5~8`
  std::string antennas;   ///< `A`, `A&B`, `!A`; `A&&A` also selects autocorrelations
  std::string uvrange;    ///< `>50m`, `0.1~5km`, `<20klambda`
  std::string timerange;  ///< `2014/04/22/10:00:00~11:30:00`
  std::string intents;    ///< `*TARGET*`
  /// False drops rows with ANTENNA1 == ANTENNA2, as tclean does, unless `antennas` has `&&`.
  bool autocorrelations = false;
};

/// What the parameters of a stage select that have the names of CASA's tasks: field, spw (a list),
/// scan, antenna, uvrange, timerange, intent and autocorrelations.
template <class Params>
MsSelection selection_of(const Params& params, const std::string& datacolumn) {
  MsSelection selection;
  selection.datacolumn = datacolumn;
  selection.fields = params.field;
  for (const std::string& window : params.spw) {
    selection.spws += (selection.spws.empty() ? "" : ",") + window;
  }
  selection.scans = params.scan;
  selection.antennas = params.antenna;
  selection.uvrange = params.uvrange;
  selection.timerange = params.timerange;
  selection.intents = params.intent;
  selection.autocorrelations = params.autocorrelations;
  return selection;
}

/// Selected rows of one data description; they follow each other in the selection.
struct MsSegment {
  int data_desc_id = 0;
  std::size_t first = 0;  ///< number of the first row, counted in the selection
  std::size_t count = 0;
};

/// Reads a MeasurementSet, version 2, without writing or locking anything in it.
///
/// The selection orders the rows stably by DATA_DESC_ID; inside one description they keep the
/// order of the table. All work is done on one lane, the lane of this MS, and the object must be
/// closed or destroyed there too. Whatever is wrong with the input is an
/// Error(ErrorKind::input) that names the table and, where known, column and row.
class SKYMILL_API MsReader {
 public:
  /// Opens the MS, reads the subtables and the columns that select and describe its rows.
  MsReader(const Lane::Token& token, const std::string& path, const MsSelection& selection = {});
  ~MsReader();
  MsReader(MsReader&&) noexcept;
  MsReader& operator=(MsReader&&) noexcept;

  /// `rows`, `rows_per_description`, the times and `max_uvw_m` are those of the selection, and
  /// windows have the selected channels.
  std::shared_ptr<const ObservationHeader> header() const;

  /// The column that is read: "DATA", "CORRECTED_DATA" or "MODEL_DATA".
  const std::string& used_column() const;

  /// What was missing or strange and what was assumed instead, one sentence each, for the log.
  const std::vector<std::string>& notes() const;

  /// One for every data description that has selected rows, in the order of the selection.
  const std::vector<MsSegment>& segments() const;

  /// Rows `first` to `first + count - 1` of the selection, but not beyond the end of the segment
  /// that holds `first`; so the result has between 1 and `count` rows.
  ///
  /// Samples are those of the selected channels. NaN are left as they are. FLAG_ROW is folded into
  /// `flag`. `weight_spectrum` is empty unless every one of these rows has a WEIGHT_SPECTRUM cell
  /// of the shape of its data.
  /// @throws Error(input) when `first` is not in the selection, `count` is 0 or a cell is unusable
  Visibilities read(const Lane::Token& token, std::size_t first, std::size_t count);

  /// The same rows without samples and origin: data, flag, weights, centroids, observation and
  /// state are empty.
  Visibilities read_geometry(const Lane::Token& token, std::size_t first, std::size_t count);

  /// Rows and bytes that read() has handed out, for metrics.
  std::uint64_t rows_read() const;
  std::uint64_t bytes_read() const;

  /// Closes the tables; read() fails afterwards, the rest stays usable.
  void close(const Lane::Token& token);

  /// Opens closed tables again, to read on: of many sets only some need be open at once. Columns are
  /// looked up anew: another stage may have added some since.
  void reopen(const Lane::Token& token);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymill::radio
