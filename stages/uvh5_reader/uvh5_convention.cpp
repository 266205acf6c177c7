// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/uvh5_reader/uvh5_convention.h>
#include <stages/uvh5_reader/uvh5_group.h>

#include <algorithm>
#include <array>
#include <bit>
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

/// Whether each value of a row, [channel][hand], is that of the channel before it. Compared as
/// bits and without leaving early, so that it is done on vectors.
bool constant_along(std::span<const float> row, std::size_t ncorr) {
  std::uint32_t different = 0;
  for (std::size_t k = ncorr; k < row.size(); ++k) {
    different |=
        std::bit_cast<std::uint32_t>(row[k]) ^ std::bit_cast<std::uint32_t>(row[k - ncorr]);
  }
  return different == 0;
}

/// Whether all samples of a row weigh the same in each hand, and more than nothing.
bool weighs_the_same(std::span<const float> nsamples, std::size_t ncorr) {
  for (const float value : nsamples.first(ncorr)) {
    if (!(value > 0) || !std::isfinite(value)) return false;
  }
  return constant_along(nsamples, ncorr);
}

/// Whether all parts of all values are finite numbers; likewise on vectors.
bool all_finite(std::span<const std::complex<float>> values) {
  const auto* parts = reinterpret_cast<const float*>(values.data());
  std::uint32_t carries = 0;
  for (std::size_t k = 0; k < 2 * values.size(); ++k) {
    // Only an exponent of all ones carries into the sign.
    carries |= (std::bit_cast<std::uint32_t>(parts[k]) & 0x7fffffffu) + 0x00800000u;
  }
  return (carries & 0x80000000u) == 0;
}

bool none_set(std::span<const std::uint8_t> flags) {
  std::uint8_t any = 0;
  for (const std::uint8_t flag : flags) any |= flag;
  return any == 0;
}

/// Data of one row: channels and hands in our order, conjugated unless the antennas were
/// exchanged. Written for a known number of hands, so that the compiler can unroll it.
template <std::size_t kCorr>
void put_data(const std::complex<float>* data, const Uvh5Order& order,
              const std::vector<std::size_t>& hand, bool exchange, std::complex<float>* to) {
  const std::size_t ncorr = kCorr != 0 ? kCorr : hand.size();
  std::array<std::size_t, kCorr == 0 ? 1 : kCorr> fixed{};
  for (std::size_t corr = 0; corr < kCorr; ++corr) fixed[corr] = hand[corr];
  const std::size_t* const from_hand = kCorr != 0 ? fixed.data() : hand.data();
  // A value as one number of 64 bits; the top one is the sign of the imaginary part.
  static_assert(std::endian::native == std::endian::little);
  const std::uint64_t conjugate = exchange ? 0 : std::uint64_t{1} << 63;
  const auto* from = reinterpret_cast<const std::uint64_t*>(data);
  auto* out = reinterpret_cast<std::uint64_t*>(to);
  for (const std::size_t channel : order.channel) {
    for (std::size_t corr = 0; corr < ncorr; ++corr) {
      *out++ = from[channel * ncorr + from_hand[corr]] ^ conjugate;
    }
  }
}

/// Flags of one row in our order: what the file flags, and what is no finite number.
/// @return number of samples that the file does not flag
std::size_t put_flags(std::span<const std::complex<float>> data, const std::uint8_t* flag,
                      const Uvh5Order& order, const std::vector<std::size_t>& hand,
                      std::uint8_t* to) {
  if (all_finite(data) && (flag == nullptr || none_set({flag, data.size()}))) {
    std::fill(to, to + data.size(), std::uint8_t{0});
    return 0;
  }
  std::size_t refused = 0;
  for (const std::size_t channel : order.channel) {
    for (const std::size_t place : hand) {
      const std::size_t from = channel * hand.size() + place;
      const bool finite = std::isfinite(data[from].real()) && std::isfinite(data[from].imag());
      const bool flagged = flag != nullptr && flag[from] != 0;
      if (!finite && !flagged) ++refused;
      *to++ = !finite || flagged ? 1 : 0;
    }
  }
  return refused;
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

RefusedSamples append_rows(const Uvh5Rows& rows, const Uvh5Cells& cells, const Uvh5Order& order,
                           bool autocorrelations, Visibilities& into, float weight) {
  const std::size_t ncorr = into.ncorr = order.hand.size();
  const std::size_t nchan = into.nchan = order.channel.size();
  const std::size_t per_row = ncorr * nchan;
  const std::size_t most = into.rows() + rows.time_jd.size();
  into.data.resize(most * per_row);
  into.flag.resize(most * per_row);
  into.weight.resize(most * ncorr);
  for (auto* column : {&into.time_s, &into.interval_s, &into.exposure_s}) column->reserve(most);
  for (auto* column : {&into.antenna1, &into.antenna2, &into.scan_number, &into.field_id}) {
    column->reserve(most);
  }
  const VaryingWeights varying(nchan, ncorr);
  const auto put = ncorr == 1   ? put_data<1>
                   : ncorr == 2 ? put_data<2>
                   : ncorr == 4 ? put_data<4>
                                : put_data<0>;
  RefusedSamples refused;
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
    put(&cells.data[row * per_row], order, hand, exchange, &into.data[place * per_row]);
    refused.not_finite +=
        put_flags({&cells.data[row * per_row], per_row}, flag, order, hand, to_flag);
    float* to_weight = &into.weight[place * ncorr];
    const float* nsamples = cells.nsamples.empty() ? nullptr : &cells.nsamples[row * per_row];
    if (nsamples == nullptr) {
      std::fill(to_weight, to_weight + ncorr, weight);
    } else if (weighs_the_same({nsamples, per_row}, ncorr)) {
      for (std::size_t corr = 0; corr < ncorr; ++corr) to_weight[corr] = nsamples[hand[corr]];
    } else {
      std::vector<float> spectrum(per_row);
      refused.without_weight +=
          varying.put(nsamples, order, hand, to_flag, to_weight, spectrum.data());
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
