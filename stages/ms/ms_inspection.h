// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20, and free of casacore (architecture.md 3.9).
#pragma once

#include <core/export.h>
#include <core/lane.h>
#include <stages/data/visibilities.h>

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace skymill::radio {

/// Rows of which the writer kept a checksum of DATA, in some channels.
struct MsWrittenSample {
  std::uint64_t first = 0;
  std::size_t count = 0;
  std::size_t first_channel = 0;
  std::size_t nchan = 0;
  std::uint64_t sum = 0;  ///< checksum_of() DATA [row][chan][corr]
};

/// A sum over the bits of the values and their order (FNV-1a, eight bytes at a time).
SKYMILL_API std::uint64_t checksum_of(const std::vector<std::complex<float>>& values);

/// The light columns of rows that follow each other in the table; empty where a column is missing.
struct MsRowBlock {
  std::uint64_t first = 0;
  std::size_t count = 0;
  std::vector<double> time_s, interval_s, exposure_s;
  std::vector<std::int32_t> antenna1, antenna2, field_id, data_desc_id, observation_id;
  std::vector<double> uvw_m;  ///< [row][3]
};

/// The heavy columns of some rows of one data description.
struct MsCells {
  std::size_t ncorr = 0;
  std::size_t nchan = 0;
  std::vector<std::complex<float>> data, model, corrected;  ///< [row][chan][corr], or empty
  std::vector<std::uint8_t> flag;                           ///< [row][chan][corr], or empty
  std::vector<float> weight, sigma;                         ///< [row][corr], or empty
};

/// Directions of a field as they stand in the table.
struct MsFieldDirections {
  std::array<double, 2> phase_rad{}, reference_rad{}, delay_rad{};
};

/// Looks at a MeasurementSet as it stands, whatever is wrong with it, to judge it; MsReader gives
/// what can be used of it.
class SKYMILL_API MsInspection {
 public:
  /// @throws Error(input) when there is no table that can be opened
  MsInspection(const Lane::Token& token, const std::string& path);
  ~MsInspection();
  MsInspection(const MsInspection&) = delete;
  MsInspection& operator=(const MsInspection&) = delete;

  std::uint64_t rows() const;
  bool has_column(const std::string& name) const;
  bool has_subtable(const std::string& name) const;

  /// The subtables. @throws Error(input) when they cannot be read
  ObservationHeader header(const Lane::Token& token) const;
  std::size_t observation_rows(const Lane::Token& token) const;
  /// OBSERVATION.TIME_RANGE, [row] first and last. @throws Error(input) when it cannot be read
  std::vector<std::array<double, 2>> time_ranges(const Lane::Token& token) const;
  std::vector<MsFieldDirections> directions(const Lane::Token& token) const;
  /// What the writer noted of its rows; empty for tables of other writers.
  std::vector<MsWrittenSample> written_samples(const Lane::Token& token) const;

  /// All rows, in blocks that bound memory. @throws Error(input) when a column cannot be read
  void scan(const Lane::Token& token, const std::function<void(const MsRowBlock&)>& take) const;
  /// Rows that follow each other and have cells of one shape.
  MsCells cells(const Lane::Token& token, std::uint64_t first, std::size_t count) const;
  /// DATA of a sample's rows and channels.
  std::vector<std::complex<float>> data(const Lane::Token& token,
                                        const MsWrittenSample& sample) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymill::radio
