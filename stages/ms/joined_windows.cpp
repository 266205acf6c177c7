// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/ms/joined_windows.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace skymill::radio::wall {

namespace {

// Of a channel: what rounding of frequencies in files may amount to.
constexpr double kStepTolerance = 0.01;

std::string mhz(double hz) { return std::to_string(hz / 1e6) + " MHz"; }

}  // namespace

JoinedWindows join_windows(const std::string& path, const ObservationHeader& header) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorKind::input,
                "the spectral windows for '" + path + "' cannot be joined: " + what,
                "set join_spw: false to keep them apart");
  };
  const std::size_t count = header.data_descriptions.size();
  if (count == 0) refuse("there is none");
  const auto window_of = [&](std::size_t description) -> const SpectralWindow& {
    return header.spectral_windows.at(
        static_cast<std::size_t>(header.data_descriptions[description].spectral_window));
  };
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (const std::size_t i : order) {
    if (window_of(i).chan_freq_hz.empty()) refuse("window " + std::to_string(i) + " is empty");
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return window_of(a).chan_freq_hz.front() < window_of(b).chan_freq_hz.front();
  });

  JoinedWindows joined;
  joined.first_channel.resize(count);
  SpectralWindow whole = window_of(order.front());
  const double width_hz = whole.chan_width_hz.front();
  whole.chan_freq_hz.clear();
  whole.chan_width_hz.clear();
  for (const std::size_t i : order) {
    const SpectralWindow& window = window_of(i);
    const std::string name = "data description " + std::to_string(i);
    if (header.data_descriptions[i].corr_types !=
        header.data_descriptions[order.front()].corr_types) {
      refuse(name + " has other correlations than data description " +
             std::to_string(order.front()));
    }
    if (window.meas_freq_ref != whole.meas_freq_ref) {
      refuse(name + " has another frame of frequency");
    }
    if (header.rows_per_description.size() == count &&
        header.rows_per_description[i] != header.rows_per_description[order.front()]) {
      refuse(name + " has " + std::to_string(header.rows_per_description[i]) +
             " rows, data description " + std::to_string(order.front()) + " has " +
             std::to_string(header.rows_per_description[order.front()]));
    }
    joined.first_channel[i] = whole.chan_freq_hz.size();
    joined.widest = std::max(joined.widest, window.chan_freq_hz.size());
    for (std::size_t chan = 0; chan < window.chan_freq_hz.size(); ++chan) {
      if (std::abs(window.chan_width_hz.at(chan) - width_hz) > kStepTolerance * width_hz) {
        refuse(name + " has channels of " + mhz(window.chan_width_hz[chan]) + " beside those of " +
               mhz(width_hz) + "; ascending channels of one width are needed");
      }
      const double freq_hz = window.chan_freq_hz[chan];
      if (!whole.chan_freq_hz.empty() && !(std::abs(freq_hz - whole.chan_freq_hz.back() -
                                                    width_hz) <= kStepTolerance * width_hz)) {
        refuse(mhz(freq_hz) + ", channel " + std::to_string(chan) + " of " + name +
               ", does not follow " + mhz(whole.chan_freq_hz.back()) + " in a step of " +
               mhz(width_hz));
      }
      whole.chan_freq_hz.push_back(freq_hz);
      whole.chan_width_hz.push_back(window.chan_width_hz[chan]);
    }
  }
  if (count > 1) whole.name = window_of(order.front()).name + "~" + window_of(order.back()).name;
  whole.ref_frequency_hz = whole.chan_freq_hz.front();

  auto one = std::make_shared<ObservationHeader>(header);
  one->spectral_windows = {std::move(whole)};
  one->data_descriptions = {{0, header.data_descriptions[order.front()].corr_types}};
  one->rows = header.rows / count;
  one->rows_per_description = {one->rows};
  joined.header = std::move(one);
  return joined;
}

}  // namespace skymill::radio::wall
