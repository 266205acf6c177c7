// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/uvh5_reader/uvh5_convention.h>
#include <stages/uvh5_reader/uvh5_group.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace skymill::radio {

namespace {

/// The Stokes code of a product with its antennas exchanged: XY for YX.
int exchanged(int stokes) {
  switch (stokes) {
    case 6:
      return 7;
    case 7:
      return 6;
    case 10:
      return 11;
    case 11:
      return 10;
    default:
      return stokes;
  }
}

struct RowWeights {
  bool varies = false;
  std::size_t refused = 0;
};

/// Weights and flags of one row, whose nsamples stand in `into.weight_spectrum`.
RowWeights weigh(std::size_t row, Visibilities& into) {
  RowWeights result;
  const std::size_t cells = into.nchan * into.ncorr;
  float* samples = &into.weight_spectrum[row * cells];
  std::uint8_t* flag = &into.flag[row * cells];
  for (std::size_t corr = 0; corr < into.ncorr; ++corr) {
    double sum = 0;
    std::size_t count = 0;
    const float first = samples[corr];
    bool same = first > 0 && std::isfinite(first);
    for (std::size_t k = corr; k < cells; k += into.ncorr) {
      same = same && samples[k] == first;
      if (samples[k] > 0 && std::isfinite(samples[k])) {
        sum += samples[k];
        ++count;
        continue;
      }
      samples[k] = 0;
      if (flag[k] == 0) ++result.refused;
      flag[k] = 1;
    }
    // A row without any sample weighs nothing in every channel alike.
    result.varies = result.varies || (!same && count > 0);
    into.weight.push_back(same         ? first
                          : count == 0 ? 0.0f
                                       : static_cast<float>(sum / static_cast<double>(count)));
  }
  return result;
}

}  // namespace

Uvh5Order::Uvh5Order(const Uvh5Header& header) {
  channel.resize(header.channels());
  std::iota(channel.begin(), channel.end(), std::size_t{0});
  std::stable_sort(channel.begin(), channel.end(), [&](std::size_t a, std::size_t b) {
    return header.freq_hz[a] < header.freq_hz[b];
  });
  std::vector<int> stokes;
  for (const int code : header.polarizations) stokes.push_back(stokes_of_aips(code));
  corr_types = stokes;
  std::sort(corr_types.begin(), corr_types.end());
  const auto place = [&](int code) {
    const auto found = std::find(stokes.begin(), stokes.end(), code);
    return static_cast<std::size_t>(found - stokes.begin());
  };
  for (const int code : corr_types) {
    hand.push_back(place(code));
    // A file with XY alone has no partner for it; then the rows keep their order.
    swapped.push_back(place(exchanged(code)));
  }
  if (*std::max_element(swapped.begin(), swapped.end()) >= stokes.size()) swapped.clear();
}

std::size_t append_rows(const Uvh5Rows& rows, const Uvh5Cells& cells, const Uvh5Order& order,
                        bool autocorrelations, Visibilities& into) {
  const std::size_t ncorr = into.ncorr = order.hand.size();
  const std::size_t nchan = into.nchan = order.channel.size();
  const std::size_t per_row = ncorr * nchan;
  std::size_t refused = 0;
  bool varies = false;
  for (std::size_t row = 0; row < rows.time_jd.size(); ++row) {
    if (!autocorrelations && rows.antenna1[row] == rows.antenna2[row]) continue;
    const bool exchange = rows.antenna1[row] > rows.antenna2[row] && !order.swapped.empty();
    const auto& hand = exchange ? order.swapped : order.hand;
    const std::size_t place = into.rows();
    into.time_s.push_back(mjd_seconds(rows.time_jd[row]));
    into.interval_s.push_back(rows.interval_s[row]);
    into.exposure_s.push_back(rows.interval_s[row]);
    into.antenna1.push_back(exchange ? rows.antenna2[row] : rows.antenna1[row]);
    into.antenna2.push_back(exchange ? rows.antenna1[row] : rows.antenna2[row]);
    into.scan_number.push_back(1);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double uvw = rows.uvw_m[3 * row + axis];
      into.uvw_m.push_back(exchange ? uvw : 0 - uvw);
    }
    into.data.resize((place + 1) * per_row);
    into.flag.resize((place + 1) * per_row);
    into.weight_spectrum.resize((place + 1) * per_row);
    std::size_t to = place * per_row;
    for (std::size_t c = 0; c < nchan; ++c) {
      const std::size_t from_row = row * per_row + order.channel[c] * ncorr;
      for (std::size_t corr = 0; corr < ncorr; ++corr, ++to) {
        const std::size_t from = from_row + hand[corr];
        const std::complex<float> value = cells.data[from];
        into.data[to] = exchange ? value : std::conj(value);
        const bool finite = std::isfinite(value.real()) && std::isfinite(value.imag());
        into.flag[to] = cells.flag[from] != 0 || !finite ? 1 : 0;
        into.weight_spectrum[to] = cells.nsamples[from];
      }
    }
    const RowWeights weights = weigh(place, into);
    varies = varies || weights.varies;
    refused += weights.refused;
  }
  if (!varies) into.weight_spectrum.clear();
  return refused;
}

}  // namespace skymill::radio
