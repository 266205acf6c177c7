// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/storage.h>
#include <stages/data/visibilities.h>
#include <stages/uvh5/uvh5_writer.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skymill::radio {

/// One subband's file in the making: gathers rows until an integration is whole, puts them in the
/// order and sign convention of the correlator and appends them.
///
/// Rows: for every antenna i in the correlator's order, for every j up to i, the pair (j, i)
/// (dsa110.md 1.7); uvw = r(2) - r(1).
class SubbandFile {
 public:
  /// @param place of each antenna in the correlator's order
  SubbandFile(const std::string& path, bool overwrite, const ObservationHeader& header,
              std::size_t description, std::vector<std::size_t> place, std::string application);

  /// Rows in order of time. @throws Error (input) when time goes back or baselines change
  void add(const Visibilities& chunk);
  /// Writes the last integration and closes. @return number of rows in the file
  std::size_t complete();
  void publish();

 private:
  void write_integration();
  void start_file();
  void add_row(const Visibilities& chunk, std::size_t row);

  Draft draft_;
  const ObservationHeader& header_;
  std::vector<std::size_t> place_;
  std::string application_;
  std::vector<int> corr_types_;
  std::vector<std::size_t> channel_;    ///< of ours, [the file's channel]
  std::vector<std::size_t> exchanged_;  ///< correlation with its antennas exchanged
  std::vector<double> freq_hz_;
  double width_hz_ = 0;
  Visibilities pending_;                                          ///< rows of one integration
  std::vector<std::pair<std::int32_t, std::int32_t>> baselines_;  ///< of the first integration
  std::optional<Uvh5Writer> writer_;
};

}  // namespace skymill::radio
