// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/gains/correlation_hands.h>
#include <stages/calibrate/solve_layout.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio {

namespace {

std::vector<int> parallel_hands(const ObservationHeader& header) {
  std::vector<int> pols;
  for (const DataDescription& description : header.data_descriptions) {
    for (const int code : description.corr_types) {
      const bool known = std::find(pols.begin(), pols.end(), code) != pols.end();
      if (is_parallel_hand(code) && !known) pols.push_back(code);
    }
  }
  std::sort(pols.begin(), pols.end());
  return pols;
}

SolutionChannels cover(int data_desc_id, const SpectralWindow& window, std::size_t first,
                       std::size_t count) {
  double low = window.chan_freq_hz[first], high = low;
  for (std::size_t c = first; c < first + count; ++c) {
    const double half = std::abs(window.chan_width_hz[c]) / 2;
    low = std::min(low, window.chan_freq_hz[c] - half);
    high = std::max(high, window.chan_freq_hz[c] + half);
  }
  return {data_desc_id, first, count, (low + high) / 2, high - low};
}

}  // namespace

SolveLayout solve_layout(const ObservationHeader& header, const std::string& per) {
  SolveLayout layout;
  layout.antennas = header.antennas.size();
  layout.pols = parallel_hands(header);
  for (std::size_t dd = 0; dd < header.data_descriptions.size(); ++dd) {
    const DataDescription& from = header.data_descriptions[dd];
    const SpectralWindow& window =
        header.spectral_windows.at(static_cast<std::size_t>(from.spectral_window));
    const std::size_t channels = window.chan_freq_hz.size();
    const std::size_t width = per == "spw" ? channels : 1;
    DescriptionLayout description;
    description.first_frequency = layout.frequencies.size();
    if (dd < header.rows_per_description.size() && header.rows_per_description[dd] == 0) {
      layout.descriptions.push_back(std::move(description));  // not selected: no cells
      continue;
    }
    for (std::size_t c = 0; c < channels; ++c) {
      description.cell_of_channel.push_back(c / width);
      if (c % width != 0) continue;
      layout.frequencies.push_back(
          cover(static_cast<int>(dd), window, c, std::min(width, channels - c)));
    }
    description.frequencies = layout.frequencies.size() - description.first_frequency;
    for (std::size_t k = 0; k < from.corr_types.size(); ++k) {
      const auto pol = std::find(layout.pols.begin(), layout.pols.end(), from.corr_types[k]);
      if (pol == layout.pols.end()) continue;
      description.hands.push_back({k, static_cast<std::size_t>(pol - layout.pols.begin())});
    }
    if (description.hands.empty()) {
      throw Error(ErrorKind::input, "'" + header.source + "' has no parallel hands in data " +
                                        "description " + std::to_string(dd) +
                                        ", so there are no gains to solve for");
    }
    layout.descriptions.push_back(std::move(description));
  }
  return layout;
}

}  // namespace skymill::radio
