// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/image/channel_store.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace skymill::radio {

namespace {

// casacore's Stokes codes of the parallel hands.
constexpr int kRR = 5;
constexpr int kLL = 8;
constexpr int kXX = 9;
constexpr int kYY = 12;

std::vector<int> codes_of(const std::string& stokes) {
  if (stokes == "XX") return {kXX};
  if (stokes == "YY") return {kYY};
  if (stokes == "RR") return {kRR};
  if (stokes == "LL") return {kLL};
  return {kXX, kYY, kRR, kLL};
}

std::vector<int> descriptions_of(const PlaneChannels& plane) {
  std::vector<int> list;
  for (const DataChannel& channel : plane.channels) {
    if (std::find(list.begin(), list.end(), channel.data_desc_id) == list.end()) {
      list.push_back(channel.data_desc_id);
    }
  }
  return list;
}

std::size_t rows_of(const ObservationHeader& header, int description) {
  return header.rows_per_description.at(static_cast<std::size_t>(description));
}

std::size_t rows_of(const ObservationHeader& header, const std::vector<int>& descriptions) {
  std::size_t rows = 0;
  for (const int dd : descriptions) rows += rows_of(header, dd);
  return rows;
}

}  // namespace

std::size_t ChannelStore::bytes(const ObservationHeader& header,
                                const std::vector<PlaneChannels>& planes) {
  std::size_t bytes = header.rows * 3 * sizeof(double);
  for (const PlaneChannels& plane : planes) {
    const auto descriptions = descriptions_of(plane);
    const std::size_t rows = rows_of(header, descriptions);
    bytes += rows * plane.channels.size() * (sizeof(std::complex<float>) + sizeof(float));
    if (descriptions.size() > 1) bytes += rows * 3 * sizeof(double);
  }
  return bytes;
}

ChannelStore::ChannelStore(const ObservationHeader& header, std::vector<PlaneChannels> planes,
                           const std::string& stokes, bool mean_of_hands)
    : planes_(std::move(planes)),
      data_(planes_.size()),
      blocks_(header.data_descriptions.size()),
      feeds_(header.data_descriptions.size()),
      mean_of_hands_(mean_of_hands) {
  choose_hands(header, stokes);
  for (std::size_t dd = 0; dd < blocks_.size(); ++dd) {
    blocks_[dd].rows = rows_of(header, static_cast<int>(dd));
    blocks_[dd].uvw_m.resize(3 * blocks_[dd].rows);
  }
  for (std::size_t p = 0; p < planes_.size(); ++p) {
    PlaneData& plane = data_[p];
    plane.descriptions = descriptions_of(planes_[p]);
    std::map<int, std::size_t> first_row;
    for (const int dd : plane.descriptions) {
      first_row[dd] = plane.rows;
      plane.rows += rows_of(header, dd);
    }
    for (std::size_t k = 0; k < planes_[p].channels.size(); ++k) {
      const DataChannel& channel = planes_[p].channels[k];
      plane.freq_hz.push_back(channel.freq_hz);
      feeds_[static_cast<std::size_t>(channel.data_desc_id)].push_back(
          {p, k, first_row[channel.data_desc_id], channel.channel});
    }
    const std::size_t samples = plane.rows * plane.freq_hz.size();
    plane.vis.assign(samples, {0, 0});
    plane.weight.assign(samples, 0);
    if (plane.descriptions.size() > 1) plane.joined_uvw_m.resize(3 * plane.rows);
  }
}

void ChannelStore::choose_hands(const ObservationHeader& header, const std::string& stokes) {
  const std::vector<int> wanted = codes_of(stokes);
  hand_indices_.resize(header.data_descriptions.size());
  for (std::size_t dd = 0; dd < header.data_descriptions.size(); ++dd) {
    const auto& types = header.data_descriptions[dd].corr_types;
    for (std::size_t k = 0; k < types.size(); ++k) {
      if (std::find(wanted.begin(), wanted.end(), types[k]) != wanted.end()) {
        hand_indices_[dd].push_back(k);
      }
    }
    if (hand_indices_[dd].empty()) {
      throw Error(ErrorKind::input,
                  "'" + header.source + "' has no correlation for Stokes " + stokes +
                      " in data description " + std::to_string(dd),
                  "choose another stokes");
    }
    hands_ = std::max(hands_, static_cast<int>(hand_indices_[dd].size()));
  }
}

void ChannelStore::add(const Visibilities& chunk) {
  const auto dd = static_cast<std::size_t>(chunk.data_desc_id);
  Block& block = blocks_.at(dd);
  if (block.filled + chunk.rows() > block.rows) {
    throw Error(ErrorKind::input, "data description " + std::to_string(dd) + " brings more than the " +
                                      std::to_string(block.rows) + " rows that were announced");
  }
  std::copy(chunk.uvw_m.begin(), chunk.uvw_m.end(),
            block.uvw_m.begin() + static_cast<std::ptrdiff_t>(3 * block.filled));

  const std::vector<std::size_t>& hands = hand_indices_[dd];
  const float per_hand = 1.0F / static_cast<float>(hands.size());
  const bool spectrum = !chunk.weight_spectrum.empty();
  for (const Feed& feed : feeds_[dd]) {
    PlaneData& plane = data_[feed.plane];
    const std::size_t stride = plane.freq_hz.size();
    for (std::size_t row = 0; row < chunk.rows(); ++row) {
      const std::size_t cell = (row * chunk.nchan + feed.channel) * chunk.ncorr;
      const float* weights = spectrum ? &chunk.weight_spectrum[cell] : &chunk.weight[row * chunk.ncorr];
      float weight = mean_of_hands_ ? 0.5F * (weights[0] + weights[chunk.ncorr - 1])
                                    : std::numeric_limits<float>::max();
      std::complex<float> sum = 0;
      bool good = true;
      for (const std::size_t hand : hands) {
        // A NaN must not hide behind a comparison: it is caught below.
        if (!mean_of_hands_ && !(weights[hand] >= weight)) weight = weights[hand];
        good = good && chunk.flag[cell + hand] == 0;
        sum += chunk.data[cell + hand];
      }
      good = good && weight > 0 && std::isfinite(weight);
      good = good && std::isfinite(sum.real()) && std::isfinite(sum.imag());
      if (!good) {
        ++flagged_;
        continue;
      }
      const std::size_t place = (feed.first_row + block.filled + row) * stride + feed.column;
      plane.vis[place] = sum * per_hand;
      plane.weight[place] = weight;
    }
    if (!plane.joined_uvw_m.empty()) {
      std::copy(chunk.uvw_m.begin(), chunk.uvw_m.end(),
                plane.joined_uvw_m.begin() +
                    static_cast<std::ptrdiff_t>(3 * (feed.first_row + block.filled)));
    }
  }
  block.filled += chunk.rows();
}

kernels::PlaneSamples ChannelStore::samples(std::size_t index) const {
  const PlaneData& plane = data_[index];
  const double* uvw = plane.joined_uvw_m.empty()
                          ? blocks_[static_cast<std::size_t>(plane.descriptions.front())].uvw_m.data()
                          : plane.joined_uvw_m.data();
  const std::size_t channels = plane.freq_hz.size();
  return {kernels::View<const double, 2>(uvw, {plane.rows, 3}),
          kernels::View<const double, 1>(plane.freq_hz.data(), {channels}),
          kernels::View<const std::complex<float>, 2>(plane.vis.data(), {plane.rows, channels}),
          kernels::View<const float, 2>(plane.weight.data(), {plane.rows, channels})};
}

std::size_t ChannelStore::max_samples(const ObservationHeader& header,
                                      const std::vector<PlaneChannels>& planes) {
  std::size_t most = 0;
  for (const PlaneChannels& plane : planes) {
    most = std::max(most, rows_of(header, descriptions_of(plane)) * plane.channels.size());
  }
  return most;
}

void ChannelStore::release(std::size_t index) {
  data_[index].vis = {};
  data_[index].weight = {};
}

}  // namespace skymill::radio
