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

/// How a subband's file is written, besides what is in it.
struct SubbandFileOptions {
  Uvh5Layout layout = Uvh5Layout::writer;
  int deflate = 1;  ///< level, of the layout `seed`
  bool latest_format = false;
  std::size_t append = 1;           ///< integrations written at a time
  std::size_t integrations = 0;     ///< that will come
  std::optional<std::size_t> kept;  ///< of these; the others are dropped
  bool wrong_antenna = false;       ///< one antenna goes by the number of one not in use
};

/// One subband's file in the making: gathers rows until integrations are whole, puts them in
/// the order and sign convention of the correlator and appends them.
///
/// Rows: for every antenna i in the correlator's order, for every j up to i, the pair (j, i)
/// (dsa110.md 1.7); uvw = r(2) - r(1).
class SubbandFile {
 public:
  /// @param place of each antenna in the correlator's order
  SubbandFile(const std::string& path, bool overwrite, const ObservationHeader& header,
              std::size_t description, std::vector<std::size_t> place, std::string application,
              const SubbandFileOptions& options);

  /// The rows [first, last) of a chunk, in order of time.
  /// @throws Error (input) when time goes back or baselines change
  void add(const Visibilities& chunk, std::size_t first, std::size_t last);
  /// Writes what is left and closes. @return number of rows in the file
  std::size_t complete();
  bool is_complete() const { return complete_; }
  void publish();
  /// Where it is until it is published.
  const std::string& draft_path() const { return draft_.path(); }
  const std::string& final_path() const { return draft_.final_path(); }

 private:
  void take_integration();
  void take_row(std::size_t row, std::pair<std::int32_t, std::int32_t> baseline);
  void write_taken();
  void start_file();
  void replace_antenna();
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
  SubbandFileOptions options_;
  Visibilities pending_;  ///< rows of one integration
  Uvh5Rows rows_;         ///< integrations in the file's order, not yet written
  Uvh5Cells cells_;
  bool complete_ = false;
  std::size_t taken_ = 0;           ///< integrations that came
  std::vector<std::int32_t> name_;  ///< of each antenna in the file, its own but for one
  std::vector<std::pair<std::int32_t, std::int32_t>> baselines_;  ///< of the first integration
  std::optional<Uvh5Writer> writer_;
};

}  // namespace skymill::radio
