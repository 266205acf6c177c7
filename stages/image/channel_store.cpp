// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/image/channel_store.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace skymill::radio {

namespace {

constexpr double kOnChannel = 1e-6;  ///< of a channel's width

std::vector<int> descriptions_of(const PlaneChannels& plane) {
  std::vector<int> list = plane.descriptions;
  for (const DataChannel& channel : plane.channels) {
    if (std::find(list.begin(), list.end(), channel.data_desc_id) == list.end()) {
      list.push_back(channel.data_desc_id);
    }
  }
  return list;
}

/// Frequencies that each row of a plane has samples of.
std::size_t columns_of(const PlaneChannels& plane) {
  return plane.targets_hz.empty() ? plane.channels.size() : plane.targets_hz.size();
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

std::size_t ChannelStore::sample_bytes(const ObservationHeader& header,
                                       const std::vector<PlaneChannels>& planes) {
  std::size_t samples = 0;
  for (const PlaneChannels& plane : planes) {
    samples += rows_of(header, descriptions_of(plane)) * columns_of(plane);
  }
  return samples * (sizeof(std::complex<float>) + sizeof(float));
}

std::size_t ChannelStore::geometry_bytes(const ObservationHeader& header,
                                         const std::vector<PlaneChannels>& planes) {
  std::size_t rows = header.rows;
  for (const PlaneChannels& plane : planes) {
    const auto descriptions = descriptions_of(plane);
    if (descriptions.size() > 1) rows += rows_of(header, descriptions);
  }
  return rows * 3 * sizeof(double);
}

ChannelStore::ChannelStore(const ObservationHeader& header, std::vector<PlaneChannels> planes,
                           const std::string& stokes, bool mean_of_hands,
                           std::shared_ptr<const SpectralTrack> track, const std::string& file,
                           SampleCoding coding)
    : planes_(std::move(planes)),
      data_(planes_.size()),
      blocks_(header.data_descriptions.size()),
      feeds_(header.data_descriptions.size()),
      track_(std::move(track)),
      mean_of_hands_(mean_of_hands) {
  choose_hands(header, stokes);
  for (std::size_t dd = 0; dd < blocks_.size(); ++dd) {
    blocks_[dd].rows = rows_of(header, static_cast<int>(dd));
    blocks_[dd].uvw_m.resize(3 * blocks_[dd].rows);
    const auto window = static_cast<std::size_t>(header.data_descriptions[dd].spectral_window);
    chan_freq_hz_.push_back(header.spectral_windows.at(window).chan_freq_hz);
  }
  std::vector<std::size_t> samples;
  for (std::size_t p = 0; p < planes_.size(); ++p) {
    add_plane(header, p);
    samples.push_back(data_[p].rows * data_[p].freq_hz.size());
  }
  if (!file.empty()) {
    file_ = std::make_unique<SampleFile>(file, samples, coding);
    return;
  }
  for (std::size_t p = 0; p < planes_.size(); ++p) {
    data_[p].vis.assign(samples[p], {0, 0});
    data_[p].weight.assign(samples[p], 0);
  }
}

void ChannelStore::add_plane(const ObservationHeader& header, std::size_t index) {
  const PlaneChannels& wanted = planes_[index];
  PlaneData& plane = data_[index];
  plane.descriptions = descriptions_of(wanted);
  std::map<int, std::size_t> first_row;
  for (const int dd : plane.descriptions) {
    first_row[dd] = plane.rows;
    plane.rows += rows_of(header, dd);
  }
  const auto feed = [&](int dd, std::size_t column, std::size_t channel, double freq_hz) {
    feeds_[static_cast<std::size_t>(dd)].push_back(
        {index, column, first_row[dd], channel, freq_hz});
  };
  for (std::size_t k = 0; k < wanted.targets_hz.size(); ++k) {
    interpolates_ = true;
    plane.freq_hz.push_back(wanted.targets_hz[k]);
    for (const int dd : plane.descriptions) feed(dd, k, 0, wanted.targets_hz[k]);
  }
  for (std::size_t k = 0; k < wanted.channels.size(); ++k) {
    const DataChannel& channel = wanted.channels[k];
    plane.freq_hz.push_back(channel.freq_hz);
    feed(channel.data_desc_id, k, channel.channel, channel.freq_hz);
  }
  if (plane.descriptions.size() > 1) plane.joined_uvw_m.resize(3 * plane.rows);
}

void ChannelStore::choose_hands(const ObservationHeader& header, const std::string& stokes) {
  for (std::size_t dd = 0; dd < header.data_descriptions.size(); ++dd) {
    terms_.push_back(StokesTerms::of(stokes, header.data_descriptions[dd].corr_types));
    if (terms_[dd].terms.empty()) {
      throw Error(ErrorKind::input,
                  "'" + header.source + "' has no correlation for Stokes " + stokes +
                      " in data description " + std::to_string(dd),
                  "choose another stokes");
    }
    hands_ = std::max(hands_, static_cast<int>(terms_[dd].terms.size()));
  }
}

inline std::optional<ChannelStore::Sample> ChannelStore::sample(const Visibilities& chunk,
                                                                std::size_t row,
                                                                std::size_t channel) const {
  const StokesTerms& stokes = terms_[static_cast<std::size_t>(chunk.data_desc_id)];
  const std::size_t cell = (row * chunk.nchan + channel) * chunk.ncorr;
  const float* weights = chunk.weight_spectrum.empty() ? &chunk.weight[row * chunk.ncorr]
                                                       : &chunk.weight_spectrum[cell];
  if (stokes.each_by_itself) return of_good_hands(chunk, cell, weights, stokes);
  float weight = mean_of_hands_ ? 0.5F * (weights[0] + weights[chunk.ncorr - 1])
                                : std::numeric_limits<float>::max();
  std::complex<float> sum = 0;
  bool good = true;
  for (const auto& [hand, sign] : stokes.terms) {
    if (!mean_of_hands_) {
      // What is no number or infinite must not hide behind the other hand's weight.
      good = good && std::isfinite(weights[hand]);
      weight = std::min(weight, weights[hand]);
    }
    good = good && chunk.flag[cell + hand] == 0;
    sum += sign * chunk.data[cell + hand];
  }
  good = good && weight > 0 && std::isfinite(weight);
  good = good && std::isfinite(sum.real()) && std::isfinite(sum.imag());
  if (!good) return std::nullopt;
  sum *= 1.0F / static_cast<float>(stokes.terms.size());
  if (stokes.by_minus_i) sum = {sum.imag(), -sum.real()};
  return Sample{sum, weight};
}

std::optional<ChannelStore::Sample> ChannelStore::of_good_hands(const Visibilities& chunk,
                                                                std::size_t cell,
                                                                const float* weights,
                                                                const StokesTerms& stokes) const {
  const float mean = 0.5F * (weights[0] + weights[chunk.ncorr - 1]);
  float least = std::numeric_limits<float>::max();
  std::complex<float> sum = 0;
  float good = 0;
  for (const auto& [hand, sign] : stokes.terms) {
    const std::complex<float> vis = chunk.data[cell + hand];
    const float weight = weights[hand];
    if (chunk.flag[cell + hand] != 0 || !(weight > 0) || !std::isfinite(weight) ||
        !std::isfinite(vis.real()) || !std::isfinite(vis.imag())) {
      continue;
    }
    least = std::min(least, weight);
    sum += vis;
    ++good;
  }
  const float weight = mean_of_hands_ ? mean : least;
  if (good == 0 || !(weight > 0) || !std::isfinite(weight)) return std::nullopt;
  // A sample stands for all hands: of one that is alone the weight is shared among them.
  return Sample{sum * (1 / good), weight * good / static_cast<float>(stokes.terms.size())};
}

std::optional<ChannelStore::Sample> ChannelStore::interpolated(const Visibilities& chunk,
                                                               std::size_t row,
                                                               double freq_hz) const {
  const auto& centres = chan_freq_hz_[static_cast<std::size_t>(chunk.data_desc_id)];
  const bool ascending = centres.front() < centres.back();
  // The first channel that lies beyond, in the order of the data.
  const auto beyond = std::upper_bound(
      centres.begin() + 1, centres.end() - 1, freq_hz,
      [&](double wanted, double centre) { return ascending ? wanted < centre : wanted > centre; });
  const auto high = static_cast<std::size_t>(beyond - centres.begin());
  const double part = (freq_hz - centres[high - 1]) / (centres[high] - centres[high - 1]);
  // Frames bring rounding: a channel's own centre needs no neighbour.
  if (std::abs(part) < kOnChannel) return sample(chunk, row, high - 1);
  if (std::abs(part - 1) < kOnChannel) return sample(chunk, row, high);
  if (!(part > 0 && part < 1)) return std::nullopt;
  const auto a = sample(chunk, row, high - 1);
  const auto b = sample(chunk, row, high);
  if (!a || !b) return std::nullopt;
  const auto of_b = static_cast<float>(part);
  return Sample{a->vis + of_b * (b->vis - a->vis), a->weight + of_b * (b->weight - a->weight)};
}

std::vector<double> ChannelStore::ratios(const Visibilities& chunk) const {
  std::vector<double> ratios(chunk.rows(), 1.0);
  for (std::size_t row = 0; track_ && row < ratios.size(); ++row) {
    const bool again = row > 0 && chunk.time_s[row] == chunk.time_s[row - 1];
    ratios[row] = again ? ratios[row - 1] : track_->ratio(chunk.data_desc_id, chunk.time_s[row]);
  }
  return ratios;
}

void ChannelStore::add(const Visibilities& chunk) {
  const auto dd = static_cast<std::size_t>(chunk.data_desc_id);
  Block& block = blocks_.at(dd);
  if (block.filled + chunk.rows() > block.rows) {
    throw Error(ErrorKind::input, "data description " + std::to_string(dd) +
                                      " brings more than the " + std::to_string(block.rows) +
                                      " rows that were announced");
  }
  const std::vector<double> ratio = ratios(chunk);
  const auto uvw = block.uvw_m.begin() + static_cast<std::ptrdiff_t>(3 * block.filled);
  for (std::size_t k = 0; k < chunk.uvw_m.size(); ++k) {
    const double scale = interpolates_ ? 1 : ratio[k / 3];
    uvw[static_cast<std::ptrdiff_t>(k)] = chunk.uvw_m[k] * scale;
  }
  for (const Feed& feed : feeds_[dd]) {
    PlaneData& plane = data_[feed.plane];
    const std::size_t first = feed.first_row + block.filled;
    // Held as [row][channel]; the file has [channel][row], so that a stretch of rows is one piece.
    const std::size_t stride = file_ ? 1 : plane.freq_hz.size();
    std::complex<float>* vis = nullptr;
    float* weight = nullptr;
    if (file_) {
      stretch_vis_.assign(chunk.rows(), {0, 0});
      stretch_weight_.assign(chunk.rows(), 0);
      vis = stretch_vis_.data();
      weight = stretch_weight_.data();
    } else {
      vis = plane.vis.data() + first * stride + feed.column;
      weight = plane.weight.data() + first * stride + feed.column;
    }
    for (std::size_t row = 0; row < chunk.rows(); ++row) {
      if (track_ && !interpolates_ &&
          track_->axis().plane_of(feed.freq_hz * ratio[row]) != feed.plane) {
        continue;
      }
      const auto found = interpolates_ ? interpolated(chunk, row, feed.freq_hz / ratio[row])
                                       : sample(chunk, row, feed.channel);
      if (!found) {
        ++flagged_;
        continue;
      }
      vis[row * stride] = found->vis;
      weight[row * stride] = found->weight;
      plane.power += static_cast<double>(found->weight * std::norm(found->vis));
      ++plane.samples;
    }
    if (file_) {
      file_->write(feed.plane, feed.column * plane.rows + first, vis, weight, chunk.rows());
    }
    if (!plane.joined_uvw_m.empty()) {
      std::copy(uvw, uvw + static_cast<std::ptrdiff_t>(chunk.uvw_m.size()),
                plane.joined_uvw_m.begin() + static_cast<std::ptrdiff_t>(3 * first));
    }
  }
  block.filled += chunk.rows();
}

StoredPlane ChannelStore::samples(std::size_t index) const {
  const PlaneData& plane = data_[index];
  StoredPlane stored;
  if (plane.descriptions.empty()) return stored;
  const double* uvw =
      plane.joined_uvw_m.empty()
          ? blocks_[static_cast<std::size_t>(plane.descriptions.front())].uvw_m.data()
          : plane.joined_uvw_m.data();
  const std::size_t channels = plane.freq_hz.size();
  const std::array<std::size_t, 2> shape{plane.rows, channels};
  stored.uvw_m = {uvw, {plane.rows, 3}};
  stored.freq_hz = {plane.freq_hz.data(), {channels}};
  if (!file_) {
    stored.vis = {plane.vis.data(), shape};
    stored.weight = {plane.weight.data(), shape};
    return stored;
  }
  stored.own_vis.resize(plane.rows * channels);
  stored.own_weight.resize(plane.rows * channels);
  file_->read(index, stored.own_vis.data(), stored.own_weight.data());
  const auto rows = static_cast<std::ptrdiff_t>(plane.rows);
  const std::array<std::ptrdiff_t, 2> strides{1, channels == 1 ? 1 : rows};
  stored.vis = {stored.own_vis.data(), shape, strides};
  stored.weight = {stored.own_weight.data(), shape, strides};
  return stored;
}

std::size_t ChannelStore::max_samples(const ObservationHeader& header,
                                      const std::vector<PlaneChannels>& planes) {
  std::size_t most = 0;
  for (const PlaneChannels& plane : planes) {
    most = std::max(most, rows_of(header, descriptions_of(plane)) * columns_of(plane));
  }
  return most;
}

std::vector<std::size_t> ChannelStore::longest_first() const {
  std::vector<std::size_t> order(planes_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto mean_power = [&](std::size_t plane) {
    const PlaneData& data = data_[plane];
    return data.samples > 0 ? data.power / static_cast<double>(data.samples) : 0.0;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return mean_power(a) > mean_power(b); });
  return order;
}

void ChannelStore::release(std::size_t index) {
  if (file_) file_->release(index);
  data_[index].vis = {};
  data_[index].weight = {};
}

}  // namespace skymill::radio
