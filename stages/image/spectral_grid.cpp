// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/image/spectral_grid.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio {

std::vector<DataChannel> ascending_channels(const ObservationHeader& header) {
  std::vector<DataChannel> list;
  for (std::size_t dd = 0; dd < header.data_descriptions.size(); ++dd) {
    if (dd < header.rows_per_description.size() && header.rows_per_description[dd] == 0) continue;
    const auto& window = header.spectral_windows.at(
        static_cast<std::size_t>(header.data_descriptions[dd].spectral_window));
    for (std::size_t c = 0; c < window.chan_freq_hz.size(); ++c) {
      list.push_back(
          {static_cast<int>(dd), c, window.chan_freq_hz[c], std::abs(window.chan_width_hz.at(c))});
    }
  }
  std::stable_sort(list.begin(), list.end(), [](const DataChannel& a, const DataChannel& b) {
    return a.freq_hz < b.freq_hz;
  });
  return list;
}

namespace {

void require_equidistant(const std::vector<PlaneChannels>& planes) {
  if (planes.size() < 3) return;
  const double step = planes[1].freq_hz - planes[0].freq_hz;
  for (std::size_t k = 2; k < planes.size(); ++k) {
    const double here = planes[k].freq_hz - planes[k - 1].freq_hz;
    if (std::abs(here - step) <= 0.01 * std::abs(step)) continue;
    throw Error(ErrorKind::input,
                "the channels are not equidistant: from plane " + std::to_string(k - 1) + " to " +
                    std::to_string(k) + " the frequency steps by " + format_quantity(here, "Hz") +
                    ", before by " + format_quantity(step, "Hz"),
                "choose spectral windows that join, with the reader's spw");
  }
}

}  // namespace

std::vector<PlaneChannels> spectral_grid(const ObservationHeader& header, std::size_t start,
                                         std::size_t width, std::optional<std::size_t> nchan) {
  const std::vector<DataChannel> list = ascending_channels(header);
  const std::size_t available = start < list.size() ? (list.size() - start) / width : 0;
  const std::size_t count = nchan.value_or(available);
  if (count == 0 || count > available) {
    throw Error(ErrorKind::description,
                "the data have " + std::to_string(list.size()) + " channels: from channel " +
                    std::to_string(start) + " on they fill " + std::to_string(available) +
                    " planes of width " + std::to_string(width) +
                    (nchan ? ", not the " + std::to_string(*nchan) + " that nchan asks for" : ""),
                "lower start, width or nchan");
  }
  std::vector<PlaneChannels> planes(count);
  for (std::size_t k = 0; k < count; ++k) {
    const auto first = list.begin() + static_cast<std::ptrdiff_t>(start + k * width);
    planes[k].channels.assign(first, first + static_cast<std::ptrdiff_t>(width));
    const DataChannel& low = planes[k].channels.front();
    const DataChannel& high = planes[k].channels.back();
    const double low_edge = low.freq_hz - low.width_hz / 2;
    const double high_edge = high.freq_hz + high.width_hz / 2;
    // A single channel keeps its exact frequency; edges would add rounding.
    planes[k].freq_hz = width == 1 ? low.freq_hz : (low_edge + high_edge) / 2;
    planes[k].width_hz = high_edge - low_edge;
  }
  require_equidistant(planes);
  return planes;
}

}  // namespace skymill::radio
