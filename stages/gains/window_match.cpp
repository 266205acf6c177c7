// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/gains/antenna_match.h>
#include <stages/gains/solution_words.h>
#include <stages/gains/window_match.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace skymill::radio {

namespace {

constexpr double kExact = 1e-6;  // of the distance of two cells
constexpr double kSlack = 0.25;  // of a channel

/// Window of the table that a cell belongs to; tables that know no data descriptions count windows.
int window_of(const Solutions& solutions, const SolutionChannels& cell) {
  if (!solutions.header) return cell.data_desc_id;
  const auto& descriptions = solutions.header->data_descriptions;
  const auto number = static_cast<std::size_t>(cell.data_desc_id);
  return number < descriptions.size() ? descriptions[number].spectral_window : cell.data_desc_id;
}

std::map<int, std::vector<std::size_t>> cells_by_window(const Solutions& solutions) {
  std::map<int, std::vector<std::size_t>> windows;
  for (std::size_t f = 0; f < solutions.frequencies.size(); ++f) {
    windows[window_of(solutions, solutions.frequencies[f])].push_back(f);
  }
  return windows;
}

/// Which channels have their centre within the cells of a window; the next window's first has not.
std::vector<bool> covered_channels(const Solutions& solutions,
                                   const std::vector<std::size_t>& cells,
                                   const SpectralWindow& window) {
  double low_hz = INFINITY, high_hz = -INFINITY;
  for (const std::size_t f : cells) {
    const SolutionChannels& cell = solutions.frequencies[f];
    low_hz = std::min(low_hz, cell.freq_hz - std::abs(cell.width_hz) / 2);
    high_hz = std::max(high_hz, cell.freq_hz + std::abs(cell.width_hz) / 2);
  }
  std::vector<bool> covered;
  for (std::size_t c = 0; c < window.chan_freq_hz.size(); ++c) {
    const double slack_hz = kSlack * std::abs(window.chan_width_hz[c]);
    covered.push_back(window.chan_freq_hz[c] >= low_hz - slack_hz &&
                      window.chan_freq_hz[c] <= high_hz + slack_hz);
  }
  return covered;
}

const SpectralWindow& window_at(const ObservationHeader& header, std::size_t data_desc_id) {
  return header.spectral_windows.at(
      static_cast<std::size_t>(header.data_descriptions.at(data_desc_id).spectral_window));
}

/// The table's window that has most channels of this one; -1 for none.
int best_window(const Solutions& solutions, const std::map<int, std::vector<std::size_t>>& windows,
                const ObservationHeader& header, std::size_t data_desc_id) {
  const int own = header.data_descriptions.at(data_desc_id).spectral_window;
  int best = -1;
  std::ptrdiff_t most = 0;
  for (const auto& [number, cells] : windows) {
    const auto covered = covered_channels(solutions, cells, window_at(header, data_desc_id));
    const auto count = std::count(covered.begin(), covered.end(), true);
    if (count > most || (count == most && count > 0 && number == own)) {
      best = number;
      most = count;
    }
  }
  return best;
}

int mapped_window(const Solutions& solutions, const TermChoice& choice, int window) {
  const auto place = static_cast<std::size_t>(window);
  if (choice.spwmap.size() == 1) return choice.spwmap.front();
  if (place < choice.spwmap.size()) return choice.spwmap[place];
  throw Error(ErrorKind::description,
              "spwmap of " + solution_words(solutions) + " has " +
                  std::to_string(choice.spwmap.size()) + " entries, none for window " +
                  std::to_string(window) + " of the data",
              "give a window of the table for each window of the data, or one for all");
}

void require_any_window(const Solutions& solutions,
                        const std::map<int, std::vector<std::size_t>>& windows,
                        const ObservationHeader& header) {
  for (std::size_t dd = 0; dd < header.data_descriptions.size(); ++dd) {
    if (best_window(solutions, windows, header, dd) >= 0) return;
  }
  const SpectralWindow& first = window_at(header, 0);
  throw Error(ErrorKind::input,
              "no window of '" + header.source + "' has frequencies of " +
                  solution_words(solutions) + ": channel 0 is at " +
                  format_quantity(first.chan_freq_hz.front(), "Hz") +
                  ", but the first solution was made at " +
                  format_quantity(solutions.frequencies.front().freq_hz, "Hz"),
              "take solutions of these windows, or say with spwmap which window to take");
}

}  // namespace

WindowMatch match_window(const Solutions& solutions, const TermChoice& choice,
                         const ObservationHeader& header, int data_desc_id) {
  const auto dd = static_cast<std::size_t>(data_desc_id);
  const auto windows = cells_by_window(solutions);
  const bool mapped = !choice.spwmap.empty();
  if (!mapped) require_any_window(solutions, windows, header);
  const int number =
      mapped ? mapped_window(solutions, choice, header.data_descriptions.at(dd).spectral_window)
             : best_window(solutions, windows, header, dd);
  WindowMatch match;
  const SpectralWindow& window = window_at(header, dd);
  match.channel_freq_hz = window.chan_freq_hz;
  const auto found = windows.find(number);
  if (found == windows.end()) return match;
  match.cells = found->second;
  std::sort(match.cells.begin(), match.cells.end(), [&](std::size_t a, std::size_t b) {
    return solutions.frequencies[a].freq_hz < solutions.frequencies[b].freq_hz;
  });
  for (const std::size_t f : match.cells) {
    match.cell_freq_hz.push_back(solutions.frequencies[f].freq_hz);
  }
  match.covered = mapped ? std::vector<bool>(match.channel_freq_hz.size(), true)
                         : covered_channels(solutions, match.cells, window);
  return match;
}

CellPair cells_at(const std::vector<double>& centres_hz, double freq_hz, Between between) {
  const auto above = std::upper_bound(centres_hz.begin(), centres_hz.end(), freq_hz);
  const auto upper = static_cast<std::size_t>(above - centres_hz.begin());
  if (upper == 0) return {0, 0, 0};
  const std::size_t lower = upper - 1;
  if (upper == centres_hz.size()) return {lower, lower, 0};
  const double fraction = (freq_hz - centres_hz[lower]) / (centres_hz[upper] - centres_hz[lower]);
  if (fraction < kExact) return {lower, lower, 0};
  if (fraction > 1 - kExact) return {upper, upper, 0};
  if (between == Between::linear) return {lower, upper, fraction};
  return fraction <= 0.5 ? CellPair{lower, lower, 0} : CellPair{upper, upper, 0};
}

}  // namespace skymill::radio
