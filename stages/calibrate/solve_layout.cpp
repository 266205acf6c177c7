// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/calibrate/solve_layout.h>
#include <stages/gains/correlation_hands.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio {

namespace {

constexpr std::size_t kLeastDelayChannels = 4;

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

/// Channels of a window that share a solution.
std::size_t solution_width(const SolveParams& params, std::size_t channels) {
  if (!solves_channels(params)) return channels;
  return std::min(channels, std::max<std::size_t>(1, params.chanaverage));
}

/// Makes the layout one data description after the other.
class LayoutMaker {
 public:
  LayoutMaker(const ObservationHeader& header, const SolveParams& params)
      : header_(header), params_(params) {
    layout_.antennas = header.antennas.size();
    layout_.pols = parallel_hands(header);
  }

  SolveLayout make() {
    for (std::size_t dd = 0; dd < header_.data_descriptions.size(); ++dd) add(dd);
    for (const SolveUnit& unit : layout_.units) {
      if (params_.term != "K" || unit.frequencies >= kLeastDelayChannels) continue;
      throw Error(ErrorKind::input,
                  "'" + header_.source + "' has " + std::to_string(unit.frequencies) +
                      " channels that a delay could be found from, and 4 are needed",
                  "leave solve_per out, so that all windows together make one delay, or solve "
                  "phases with term: G");
    }
    return std::move(layout_);
  }

 private:
  void add(std::size_t dd) {
    const DataDescription& from = header_.data_descriptions[dd];
    const SpectralWindow& window =
        header_.spectral_windows.at(static_cast<std::size_t>(from.spectral_window));
    DescriptionLayout description;
    description.first_frequency = layout_.frequencies.size();
    if (dd < header_.rows_per_description.size() && header_.rows_per_description[dd] == 0) {
      layout_.descriptions.push_back(std::move(description));  // not selected: no cells
      return;
    }
    for (std::size_t k = 0; k < from.corr_types.size(); ++k) {
      const auto pol = std::find(layout_.pols.begin(), layout_.pols.end(), from.corr_types[k]);
      if (pol == layout_.pols.end()) continue;
      description.hands.push_back({k, static_cast<std::size_t>(pol - layout_.pols.begin())});
    }
    if (description.hands.empty()) {
      throw Error(ErrorKind::input, "'" + header_.source + "' has no parallel hands in data " +
                                        "description " + std::to_string(dd) +
                                        ", so there are no gains to solve for");
    }
    description.unit = unit_for(dd);
    SolveUnit& unit = layout_.units[description.unit];
    if (params_.term == "K") {
      add_delay(dd, window, description, unit);
    } else {
      add_gains(dd, window, description, unit);
    }
    description.frequencies = layout_.frequencies.size() - description.first_frequency;
    layout_.descriptions.push_back(std::move(description));
  }

  std::size_t unit_for(std::size_t dd) {
    if (!solves_band(params_) || layout_.units.empty()) {
      layout_.units.emplace_back().pols = params_.term == "T" ? 1 : layout_.pols.size();
    }
    layout_.units.back().descriptions.push_back(dd);
    return layout_.units.size() - 1;
  }

  void add_delay(std::size_t dd, const SpectralWindow& window, DescriptionLayout& description,
                 SolveUnit& unit) {
    const std::size_t channels = window.chan_freq_hz.size();
    SolutionChannels solution = cover(static_cast<int>(dd), window, 0, channels);
    // Phase 0 of a delay, as readers of calibration tables take it (calibration.md 4.1).
    solution.freq_hz = window.chan_freq_hz[channels / 2];
    layout_.frequencies.push_back(solution);
    description.first_cell = unit.frequencies;
    unit.frequencies += channels;
    unit.freq_hz.insert(unit.freq_hz.end(), window.chan_freq_hz.begin(), window.chan_freq_hz.end());
  }

  void add_gains(std::size_t dd, const SpectralWindow& window, DescriptionLayout& description,
                 SolveUnit& unit) {
    const std::size_t channels = window.chan_freq_hz.size();
    description.width = solution_width(params_, channels);
    for (std::size_t c = 0; c < channels; c += description.width) {
      layout_.frequencies.push_back(
          cover(static_cast<int>(dd), window, c, std::min(description.width, channels - c)));
    }
    unit.frequencies = layout_.frequencies.size() - description.first_frequency;
  }

  const ObservationHeader& header_;
  const SolveParams& params_;
  SolveLayout layout_;
};

}  // namespace

SolveLayout solve_layout(const ObservationHeader& header, const SolveParams& params) {
  return LayoutMaker(header, params).make();
}

}  // namespace skymill::radio
