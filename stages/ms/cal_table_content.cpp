// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/ms/cal_table_content.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace skymill::radio::wall {

namespace {

/// One channel over all of a window.
void collapse(SpectralWindow& spw) {
  if (spw.chan_freq_hz.size() == 1) return;
  const auto [low, high] = std::minmax_element(spw.chan_freq_hz.begin(), spw.chan_freq_hz.end());
  double total_hz = 0;
  for (const double width_hz : spw.chan_width_hz) total_hz += width_hz;
  spw.chan_freq_hz = {(*low + *high) / 2};
  spw.chan_width_hz = {total_hz};
}

}  // namespace

CalTableContent::CalTableContent(std::string path, const Solutions& solutions)
    : path_(std::move(path)), s_(solutions) {
  check();
  find_windows();
  find_groups();
}

ObservationHeader CalTableContent::header() const {
  ObservationHeader header = *s_.header;
  for (SpectralWindow& spw : header.spectral_windows) {
    if (s_.term != JonesTerm::B) collapse(spw);
  }
  for (const CalTableWindow& window : windows_) {
    SpectralWindow& spw = header.spectral_windows[window.id];
    const SpectralWindow& from = s_.header->spectral_windows[window.id];
    spw.chan_freq_hz.clear();
    spw.chan_width_hz.clear();
    for (std::size_t f = window.first_frequency; f < window.first_frequency + window.channels;
         ++f) {
      const SolutionChannels& cell = s_.frequencies[f];
      const bool one = cell.channels == 1 && cell.first_channel < from.chan_freq_hz.size();
      const double width_hz = one ? from.chan_width_hz[cell.first_channel]
                                  : std::copysign(cell.width_hz, from.chan_width_hz.front());
      spw.chan_freq_hz.push_back(one ? from.chan_freq_hz[cell.first_channel] : cell.freq_hz);
      spw.chan_width_hz.push_back(width_hz);
    }
  }
  return header;
}

std::vector<bool> CalTableContent::windows_used() const {
  std::vector<bool> used(s_.header->spectral_windows.size(), false);
  for (const CalTableGroup& group : groups_) used[group.window.id] = true;
  return used;
}

std::size_t CalTableContent::observations() const {
  std::int32_t last = 0;
  for (const SolutionInterval& interval : s_.intervals) {
    last = std::max(last, interval.observation_id);
  }
  return static_cast<std::size_t>(last) + 1;
}

std::int32_t CalTableContent::refant(const CalTableGroup& group) const {
  if (s_.term == JonesTerm::K || s_.term == JonesTerm::T) return -1;
  for (std::size_t f = 0; f < group.window.channels; ++f) {
    for (std::size_t p = 0; p < s_.pols.size(); ++p) {
      const std::int32_t found =
          s_.refant[s_.group(group.interval, group.window.first_frequency + f, p)];
      if (found >= 0) return found;
    }
  }
  return -1;
}

void CalTableContent::check() const {
  if (!s_.header || s_.intervals.empty() || s_.frequencies.empty() || s_.pols.empty()) {
    refuse("are empty", "solve before writing");
  }
  if (s_.antennas.size() != s_.header->antennas.size()) {
    refuse("have " + std::to_string(s_.antennas.size()) + " antennas, their header has " +
               std::to_string(s_.header->antennas.size()),
           "a table has a row for every antenna of its array");
  }
  const std::size_t cells =
      s_.intervals.size() * s_.frequencies.size() * s_.pols.size() * s_.antennas.size();
  const std::size_t values = s_.term == JonesTerm::K ? s_.delay_ns.size() : s_.gain.size();
  if (values != cells || s_.flag.size() != cells || s_.error.size() != cells ||
      s_.snr.size() != cells || s_.refant.size() * s_.antennas.size() != cells) {
    refuse("have arrays of other sizes than their axes", "resize() gives them their size");
  }
  if (s_.pols.size() > 2) {
    refuse("have " + std::to_string(s_.pols.size()) + " polarisations",
           "a table has two feeds: write circular and linear ones apart");
  }
  if (s_.term == JonesTerm::T && s_.pols.size() == 2) check_shared();
}

void CalTableContent::check_shared() const {
  for (std::size_t i = 0; i < s_.intervals.size(); ++i) {
    for (std::size_t f = 0; f < s_.frequencies.size(); ++f) {
      for (std::size_t a = 0; a < s_.antennas.size(); ++a) {
        const std::size_t first = s_.index(i, f, 0, a);
        const std::size_t second = s_.index(i, f, 1, a);
        const bool same = s_.flag[first] == s_.flag[second] &&
                          (s_.flag[first] != 0 || s_.gain[first] == s_.gain[second]);
        if (!same) {
          refuse("differ between polarisations at antenna '" + s_.antennas[a] + "'",
                 "T is a gain that both share; write them as G");
        }
      }
    }
  }
}

void CalTableContent::find_windows() {
  const ObservationHeader& header = *s_.header;
  std::map<std::size_t, int> description_of;
  for (std::size_t f = 0; f < s_.frequencies.size(); ++f) {
    const int dd = s_.frequencies[f].data_desc_id;
    const auto id = static_cast<std::size_t>(
        header.data_descriptions.at(static_cast<std::size_t>(dd)).spectral_window);
    const bool next = f > 0 && s_.frequencies[f - 1].data_desc_id == dd;
    if (next) {
      ++windows_.back().channels;
      continue;
    }
    if (!description_of.emplace(id, dd).second) {
      refuse("have two data descriptions in spectral window " + std::to_string(id),
             "a table has one value for a window: solve them apart");
    }
    windows_.push_back({id, f, 1});
  }
  std::sort(windows_.begin(), windows_.end(),
            [](const CalTableWindow& a, const CalTableWindow& b) { return a.id < b.id; });
  for (const CalTableWindow& window : windows_) {
    if (s_.term != JonesTerm::B && window.channels != 1) {
      refuse("have " + std::to_string(window.channels) + " channels in spectral window " +
                 std::to_string(window.id),
             "only a bandpass (B) has several in CASA's format: solve by window, or for B");
    }
  }
}

void CalTableContent::find_groups() {
  for (const CalTableWindow& window : windows_) {
    for (std::size_t i = 0; i < s_.intervals.size(); ++i) {
      for (std::size_t f = 0; f < window.channels; ++f) {
        const double time_s = s_.time_s(i, window.first_frequency + f);
        if (std::isnan(time_s)) continue;
        groups_.push_back({window, i, time_s});
        break;
      }
    }
  }
  if (groups_.empty()) refuse("are empty", "solve before writing");
  std::stable_sort(
      groups_.begin(), groups_.end(), [](const CalTableGroup& a, const CalTableGroup& b) {
        return std::make_pair(a.window.id, a.time_s) < std::make_pair(b.window.id, b.time_s);
      });
}

void CalTableContent::refuse(const std::string& what, const std::string& hint) const {
  throw Error(ErrorKind::input,
              std::string(letter(s_.term)) + " solutions for '" + path_ + "' " + what, hint);
}

}  // namespace skymill::radio::wall
