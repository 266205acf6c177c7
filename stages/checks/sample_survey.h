// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/checks/row_survey.h>
#include <stages/ms/ms_inspection.h>

#include <cstdint>
#include <map>
#include <vector>

namespace skymill::radio {

/// What samples of one column of data are like.
struct DataSurvey {
  std::uint64_t cells = 0;       ///< looked at
  std::uint64_t unflagged = 0;   ///< of these
  std::uint64_t non_finite = 0;  ///< of the unflagged
  std::uint64_t zero = 0;        ///< of the unflagged
  double abs_sum = 0;            ///< of the unflagged that are finite
  std::uint64_t first_bad_row = 0;
};

/// Counts over samples of rows, spread over windows and times.
struct SampleSurvey {
  std::map<std::int32_t, DataSurvey> data;  ///< by data description
  DataSurvey model, corrected;
  std::uint64_t weights = 0;      ///< of rows and correlations with unflagged data
  std::uint64_t bad_weights = 0;  ///< of these, not finite or negative
  std::uint64_t zero_weights = 0;
  Worst sigma_misfit;  ///< |SIGMA sqrt(WEIGHT) - 1|

  void add(std::int32_t data_desc_id, std::uint64_t first_row, const MsCells& cells);
};

/// Places to look at: `most` runs, each window and each time taken as evenly as possible, and in
/// each of them a block of rows that changes its place from run to run.
std::vector<RowSurvey::Run> stratified(const std::vector<RowSurvey::Run>& runs, std::size_t most,
                                       std::size_t rows);

}  // namespace skymill::radio
