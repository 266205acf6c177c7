// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/geometry/earth_time.h>
#include <stages/uvh5_writer/subband_file.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace skymill::radio {

namespace {

double julian_date(double mjd_utc_s) { return mjd_utc_s / 86400 + 2400000.5; }

/// The Stokes code of a product with its antennas exchanged.
int exchanged_code(int stokes) {
  if (stokes == 10 || stokes == 11) return 21 - stokes;
  if (stokes == 6 || stokes == 7) return 13 - stokes;
  return stokes;
}

}  // namespace

SubbandFile::SubbandFile(const std::string& path, bool overwrite, const ObservationHeader& header,
                         std::size_t description, std::vector<std::size_t> place,
                         std::string application, const SubbandFileOptions& options)
    : draft_(path, overwrite),
      header_(header),
      place_(std::move(place)),
      application_(std::move(application)),
      corr_types_(header.data_descriptions.at(description).corr_types),
      options_(options),
      name_(header.antennas.size()) {
  std::iota(name_.begin(), name_.end(), 0);
  const auto& window = header.spectral_windows.at(
      static_cast<std::size_t>(header.data_descriptions[description].spectral_window));
  channel_.resize(window.chan_freq_hz.size());
  std::iota(channel_.begin(), channel_.end(), std::size_t{0});
  std::stable_sort(channel_.begin(), channel_.end(), [&](std::size_t a, std::size_t b) {
    return window.chan_freq_hz[a] > window.chan_freq_hz[b];
  });
  for (const std::size_t c : channel_) freq_hz_.push_back(window.chan_freq_hz[c]);
  width_hz_ = std::abs(window.chan_width_hz.at(0));
  for (const int code : corr_types_) {
    const auto found = std::find(corr_types_.begin(), corr_types_.end(), exchanged_code(code));
    if (found == corr_types_.end()) {
      throw Error(ErrorKind::input, "the correlation " + std::to_string(code) +
                                        " comes without the one of its antennas exchanged");
    }
    exchanged_.push_back(static_cast<std::size_t>(found - corr_types_.begin()));
  }
}

void SubbandFile::add(const Visibilities& chunk, std::size_t first, std::size_t last) {
  if (chunk.nchan != channel_.size() || chunk.ncorr != corr_types_.size()) {
    throw Error(ErrorKind::input, "a chunk has " + std::to_string(chunk.nchan) +
                                      " channels where the header has " +
                                      std::to_string(channel_.size()));
  }
  for (std::size_t row = first; row < last; ++row) {
    if (pending_.rows() > 0 && chunk.time_s[row] != pending_.time_s.front()) {
      if (chunk.time_s[row] < pending_.time_s.front()) {
        throw Error(ErrorKind::input,
                    "rows for '" + draft_.final_path() + "' are not in order of time",
                    "these files are written one integration after the other");
      }
      take_integration();
    }
    add_row(chunk, row);
  }
}

void SubbandFile::add_row(const Visibilities& chunk, std::size_t row) {
  const auto append = [&](auto& into, const auto& from, std::size_t per_row) {
    const auto first = from.begin() + static_cast<std::ptrdiff_t>(row * per_row);
    into.insert(into.end(), first, first + static_cast<std::ptrdiff_t>(per_row));
  };
  const std::size_t cells = chunk.nchan * chunk.ncorr;
  append(pending_.time_s, chunk.time_s, 1);
  append(pending_.exposure_s, chunk.exposure_s, 1);
  append(pending_.antenna1, chunk.antenna1, 1);
  append(pending_.antenna2, chunk.antenna2, 1);
  append(pending_.uvw_m, chunk.uvw_m, 3);
  append(pending_.data, chunk.data, cells);
  append(pending_.flag, chunk.flag, cells);
  if (!chunk.weight_spectrum.empty()) {
    append(pending_.weight_spectrum, chunk.weight_spectrum, cells);
    return;
  }
  for (std::size_t c = 0; c < chunk.nchan; ++c) {
    append(pending_.weight_spectrum, chunk.weight, chunk.ncorr);
  }
}

void SubbandFile::start_file() {
  std::set<std::int32_t> antennas;
  for (const auto& [first, second] : baselines_) {
    antennas.insert(first);
    antennas.insert(second);
  }
  Uvh5Subband subband;
  subband.telescope_name = header_.telescope == "DSA_110" ? "OVRO_MMA" : header_.telescope;
  subband.history = "written by " + application_ + " from '" + header_.source + "'";
  subband.position = array_position(header_);
  subband.antennas = header_.antennas;
  subband.antennas_in_data = antennas.size();
  subband.baselines = baselines_.size();
  subband.freq_hz = freq_hz_;
  subband.width_hz = width_hz_;
  for (const int code : corr_types_) subband.polarizations.push_back(aips_of_stokes(code));
  subband.pointing_dec_rad = header_.pointing_dec_rad;
  subband.layout = options_.layout;
  subband.deflate = options_.deflate;
  subband.latest_format = options_.latest_format;
  subband.rows = options_.kept.value_or(options_.integrations) * baselines_.size();
  writer_.emplace(draft_.path(), subband);
}

/// Gives the last antenna in use the number of one that is not.
void SubbandFile::replace_antenna() {
  std::set<std::int32_t> used;
  for (const auto& [first, second] : baselines_) used.insert({first, second});
  for (auto other = static_cast<std::int32_t>(name_.size()); other-- > 0;) {
    if (used.count(other) != 0) continue;
    name_[static_cast<std::size_t>(*used.rbegin())] = other;
    return;
  }
  throw Error(ErrorKind::input, "all antennas take part, so that none can stand for another one");
}

void SubbandFile::take_integration() {
  const std::size_t count = pending_.rows();
  const auto place = [&](std::int32_t antenna) {
    return place_.at(static_cast<std::size_t>(antenna));
  };
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t row) {
    const std::size_t a = place(pending_.antenna1[row]), b = place(pending_.antenna2[row]);
    return std::make_pair(std::max(a, b), std::min(a, b));
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  std::vector<std::pair<std::int32_t, std::int32_t>> baselines;
  for (const std::size_t row : order) {
    const std::int32_t a = pending_.antenna1[row], b = pending_.antenna2[row];
    baselines.emplace_back(place(a) > place(b) ? std::make_pair(b, a) : std::make_pair(a, b));
  }
  if (taken_ == 0) {
    baselines_ = baselines;
    if (options_.wrong_antenna) replace_antenna();
  } else if (baselines != baselines_) {
    throw Error(ErrorKind::input,
                "baselines of the integration " + std::to_string(taken_) + " for '" +
                    draft_.final_path() + "' differ from those of the first",
                "these files have the same baselines at all times");
  }
  ++taken_;
  if (taken_ <= options_.kept.value_or(taken_)) {
    for (std::size_t k = 0; k < count; ++k) take_row(order[k], baselines[k]);
    if (rows_.time_jd.size() >= options_.append * count) write_taken();
  }
  // The memory is kept for the next integration.
  pending_.time_s.clear();
  pending_.exposure_s.clear();
  pending_.antenna1.clear();
  pending_.antenna2.clear();
  pending_.uvw_m.clear();
  pending_.data.clear();
  pending_.flag.clear();
  pending_.weight_spectrum.clear();
}

void SubbandFile::take_row(std::size_t row, std::pair<std::int32_t, std::int32_t> baseline) {
  const bool exchange = pending_.antenna1[row] != baseline.first;
  rows_.antenna1.push_back(name_[static_cast<std::size_t>(baseline.first)]);
  rows_.antenna2.push_back(name_[static_cast<std::size_t>(baseline.second)]);
  rows_.time_jd.push_back(julian_date(pending_.time_s[row]));
  rows_.interval_s.push_back(pending_.exposure_s[row]);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double uvw = pending_.uvw_m[3 * row + axis];
    rows_.uvw_m.push_back(exchange ? uvw : 0 - uvw);
  }
  const std::size_t hands = corr_types_.size(), cells = channel_.size() * hands;
  std::size_t to = cells_.data.size();
  cells_.data.resize(to + cells);
  cells_.flag.resize(to + cells);
  cells_.nsamples.resize(to + cells);
  for (const std::size_t channel : channel_) {
    const std::size_t first = row * cells + channel * hands;
    for (std::size_t hand = 0; hand < hands; ++hand, ++to) {
      const std::size_t from = first + (exchange ? exchanged_[hand] : hand);
      const std::complex<float> value = pending_.data[from];
      cells_.data[to] = exchange ? value : std::conj(value);
      cells_.flag[to] = pending_.flag[from] != 0;
      cells_.nsamples[to] = pending_.weight_spectrum[from];
    }
  }
}

void SubbandFile::write_taken() {
  if (rows_.time_jd.empty()) return;
  if (!writer_) start_file();
  writer_->append(rows_, cells_);
  // Given back, since the other subbands' turn comes next.
  rows_ = Uvh5Rows();
  cells_ = Uvh5Cells();
}

std::size_t SubbandFile::complete() {
  if (pending_.rows() > 0) take_integration();
  write_taken();
  pending_ = Visibilities();
  complete_ = true;
  if (!writer_) return 0;
  writer_->finish();
  return writer_->rows_written();
}

void SubbandFile::publish() { draft_.publish(); }

}  // namespace skymill::radio
