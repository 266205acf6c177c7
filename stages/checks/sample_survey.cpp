// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/checks/sample_survey.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio {

namespace {

void survey(const std::vector<std::complex<float>>& values, const MsCells& cells,
            std::uint64_t first_row, DataSurvey& into) {
  const std::size_t per_row = std::max<std::size_t>(1, cells.ncorr * cells.nchan);
  for (std::size_t k = 0; k < values.size(); ++k) {
    ++into.cells;
    if (k < cells.flag.size() && cells.flag[k] != 0) continue;
    ++into.unflagged;
    const double size = std::hypot(values[k].real(), values[k].imag());
    const bool bad = !std::isfinite(size);
    if (bad && into.non_finite++ == 0) into.first_bad_row = first_row + k / per_row;
    if (size == 0) ++into.zero;
    if (!bad) into.abs_sum += size;
  }
}

}  // namespace

void SampleSurvey::add(std::int32_t data_desc_id, std::uint64_t first_row, const MsCells& cells) {
  survey(cells.data, cells, first_row, data[data_desc_id]);
  survey(cells.model, cells, first_row, model);
  survey(cells.corrected, cells, first_row, corrected);
  if (cells.ncorr == 0 || cells.flag.empty()) return;
  for (std::size_t k = 0; k < cells.weight.size(); ++k) {
    const std::size_t row = k / cells.ncorr;
    bool used = false;
    for (std::size_t chan = 0; chan < cells.nchan && !used; ++chan) {
      used = cells.flag[(row * cells.nchan + chan) * cells.ncorr + k % cells.ncorr] == 0;
    }
    if (!used) continue;
    ++weights;
    const float weight = cells.weight[k];
    if (!std::isfinite(weight) || weight < 0) ++bad_weights;
    if (weight == 0) ++zero_weights;
    if (weight > 0 && k < cells.sigma.size()) {
      sigma_misfit.see(std::abs(cells.sigma[k] * std::sqrt(weight) - 1), first_row + row);
    }
  }
}

std::vector<RowSurvey::Run> stratified(const std::vector<RowSurvey::Run>& runs, std::size_t most,
                                       std::size_t rows) {
  std::map<std::int32_t, std::vector<RowSurvey::Run>> by_window;
  for (const RowSurvey::Run& run : runs) by_window[run.data_desc_id].push_back(run);
  std::vector<RowSurvey::Run> chosen;
  if (by_window.empty()) return chosen;
  const std::size_t share = std::max<std::size_t>(1, most / by_window.size());
  std::size_t number = 0;
  for (const auto& [window, of_window] : by_window) {
    const std::size_t take = std::min(share, of_window.size());
    for (std::size_t k = 0; k < take; ++k) {
      // The windows start at different times, so that together they see more of these.
      const std::size_t turn = number % std::max<std::size_t>(1, of_window.size() / take);
      const RowSurvey::Run& run =
          of_window[std::min(of_window.size() * k / take + turn, of_window.size() - 1)];
      const std::uint64_t count = std::min<std::uint64_t>(rows, run.count);
      const std::uint64_t step = (++number * 0x9e3779b97f4a7c15ULL) >> 33;
      chosen.push_back({run.first + step % (run.count - count + 1), count, window});
    }
  }
  return chosen;
}

}  // namespace skymill::radio
