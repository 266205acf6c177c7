// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/uvh5_reader/uvh5_convention.h>
#include <stages/uvh5_reader/uvh5_group.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

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

/// Whether each value of a row, [channel][hand], is that of the channel before it.
bool constant_along(std::span<const float> row, std::size_t ncorr) {
  return std::equal(row.begin() + static_cast<std::ptrdiff_t>(ncorr), row.end(), row.begin());
}

/// Whether all samples of a row weigh the same in each hand, and more than nothing.
bool weighs_the_same(std::span<const float> nsamples, std::size_t ncorr) {
  for (const float value : nsamples.first(ncorr)) {
    if (!(value > 0) || !std::isfinite(value)) return false;
  }
  return constant_along(nsamples, ncorr);
}

/// Data and flags of one row: channels and hands in our order, conjugated unless the antennas were
/// exchanged. Written for a known number of hands, so that the compiler can unroll it.
template <std::size_t kCorr>
void put_cells(const std::complex<float>* data, const std::uint8_t* flag, const Uvh5Order& order,
               const std::vector<std::size_t>& hand, bool exchange, std::complex<float>* to_data,
               std::uint8_t* to_flag) {
  const std::size_t ncorr = kCorr != 0 ? kCorr : hand.size();
  const float sign = exchange ? 1.0f : -1.0f;
  for (const std::size_t channel : order.channel) {
    for (std::size_t corr = 0; corr < ncorr; ++corr) {
      const std::size_t from = channel * ncorr + hand[corr];
      const float re = data[from].real(), im = data[from].imag();
      *to_data++ = {re, sign * im};
      const bool finite = std::isfinite(re) && std::isfinite(im);
      *to_flag++ = !finite || (flag != nullptr && flag[from] != 0) ? 1 : 0;
    }
  }
}

/// Weights of rows whose nsamples change, or are no weights: flags what has none.
class VaryingWeights {
 public:
  VaryingWeights(std::size_t nchan, std::size_t ncorr) : nchan_(nchan), ncorr_(ncorr) {}

  /// Fills weight and weight_spectrum of a row. @return number of samples that were flagged
  std::size_t put(const float* nsamples, const Uvh5Order& order,
                  const std::vector<std::size_t>& hand, std::uint8_t* flag, float* weight,
                  float* spectrum) const {
    std::size_t refused = 0;
    for (std::size_t corr = 0; corr < ncorr_; ++corr) {
      double sum = 0;
      std::size_t count = 0;
      for (std::size_t c = 0; c < nchan_; ++c) {
        const std::size_t to = c * ncorr_ + corr;
        const float value = nsamples[order.channel[c] * ncorr_ + hand[corr]];
        const bool weighs = value > 0 && std::isfinite(value);
        spectrum[to] = weighs ? value : 0;
        if (weighs) {
          sum += value;
          ++count;
        } else {
          if (flag[to] == 0) ++refused;
          flag[to] = 1;
        }
      }
      weight[corr] = count == 0 ? 0.0f : static_cast<float>(sum / static_cast<double>(count));
    }
    return refused;
  }

 private:
  std::size_t nchan_, ncorr_;
};

/// Copies each row's weight into all its channels.
void spread_weights(std::size_t rows, Visibilities& into) {
  for (std::size_t k = into.weight_spectrum.size() / (into.nchan * into.ncorr); k < rows; ++k) {
    for (std::size_t c = 0; c < into.nchan; ++c) {
      const auto weight = into.weight.begin() + static_cast<std::ptrdiff_t>(k * into.ncorr);
      into.weight_spectrum.insert(into.weight_spectrum.end(), weight,
                                  weight + static_cast<std::ptrdiff_t>(into.ncorr));
    }
  }
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
                        bool autocorrelations, Visibilities& into, float weight) {
  const std::size_t ncorr = into.ncorr = order.hand.size();
  const std::size_t nchan = into.nchan = order.channel.size();
  const std::size_t per_row = ncorr * nchan;
  const std::size_t most = into.rows() + rows.time_jd.size();
  into.data.resize(most * per_row);
  into.flag.resize(most * per_row);
  into.weight.resize(most * ncorr);
  const VaryingWeights varying(nchan, ncorr);
  const auto put = ncorr == 1   ? put_cells<1>
                   : ncorr == 2 ? put_cells<2>
                   : ncorr == 4 ? put_cells<4>
                                : put_cells<0>;
  std::size_t refused = 0;
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
    for (std::size_t axis = 0; axis < 3 && !rows.uvw_m.empty(); ++axis) {
      const double uvw = rows.uvw_m[3 * row + axis];
      into.uvw_m.push_back(exchange ? uvw : 0 - uvw);
    }
    const std::uint8_t* flag = cells.flag.empty() ? nullptr : &cells.flag[row * per_row];
    std::uint8_t* to_flag = &into.flag[place * per_row];
    put(&cells.data[row * per_row], flag, order, hand, exchange, &into.data[place * per_row],
        to_flag);
    float* to_weight = &into.weight[place * ncorr];
    const float* nsamples = cells.nsamples.empty() ? nullptr : &cells.nsamples[row * per_row];
    if (nsamples == nullptr) {
      std::fill(to_weight, to_weight + ncorr, weight);
    } else if (weighs_the_same({nsamples, per_row}, ncorr)) {
      for (std::size_t corr = 0; corr < ncorr; ++corr) to_weight[corr] = nsamples[hand[corr]];
    } else {
      std::vector<float> spectrum(per_row);
      refused += varying.put(nsamples, order, hand, to_flag, to_weight, spectrum.data());
      // A hand without any sample weighs nothing in every channel alike.
      if (constant_along(spectrum, ncorr)) continue;
      spread_weights(place, into);
      into.weight_spectrum.insert(into.weight_spectrum.end(), spectrum.begin(), spectrum.end());
    }
  }
  into.data.resize(into.rows() * per_row);
  into.flag.resize(into.rows() * per_row);
  into.weight.resize(into.rows() * ncorr);
  if (!into.weight_spectrum.empty()) spread_weights(into.rows(), into);
  return refused;
}

}  // namespace skymill::radio
