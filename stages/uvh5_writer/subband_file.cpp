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
                         std::string application)
    : draft_(path, overwrite),
      header_(header),
      place_(std::move(place)),
      application_(std::move(application)),
      corr_types_(header.data_descriptions.at(description).corr_types) {
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

void SubbandFile::add(const Visibilities& chunk) {
  if (chunk.nchan != channel_.size() || chunk.ncorr != corr_types_.size()) {
    throw Error(ErrorKind::input, "a chunk has " + std::to_string(chunk.nchan) +
                                      " channels where the header has " +
                                      std::to_string(channel_.size()));
  }
  for (std::size_t row = 0; row < chunk.rows(); ++row) {
    if (pending_.rows() > 0 && chunk.time_s[row] != pending_.time_s.front()) {
      if (chunk.time_s[row] < pending_.time_s.front()) {
        throw Error(ErrorKind::input,
                    "rows for '" + draft_.final_path() + "' are not in order of time",
                    "these files are written one integration after the other");
      }
      write_integration();
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
  writer_.emplace(draft_.path(), subband);
}

void SubbandFile::write_integration() {
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

  Uvh5Rows rows;
  Uvh5Cells cells;
  std::vector<std::pair<std::int32_t, std::int32_t>> baselines;
  const std::size_t hands = corr_types_.size();
  for (const std::size_t row : order) {
    const std::int32_t a = pending_.antenna1[row], b = pending_.antenna2[row];
    const bool exchange = place(a) > place(b);
    baselines.emplace_back(exchange ? b : a, exchange ? a : b);
    rows.antenna1.push_back(baselines.back().first);
    rows.antenna2.push_back(baselines.back().second);
    rows.time_jd.push_back(julian_date(pending_.time_s[row]));
    rows.interval_s.push_back(pending_.exposure_s[row]);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double uvw = pending_.uvw_m[3 * row + axis];
      rows.uvw_m.push_back(exchange ? uvw : 0 - uvw);
    }
    for (const std::size_t channel : channel_) {
      const std::size_t first = (row * channel_.size() + channel) * hands;
      for (std::size_t hand = 0; hand < hands; ++hand) {
        const std::size_t from = first + (exchange ? exchanged_[hand] : hand);
        const std::complex<float> value = pending_.data[from];
        cells.data.push_back(exchange ? value : std::conj(value));
        cells.flag.push_back(pending_.flag[from] != 0);
        cells.nsamples.push_back(pending_.weight_spectrum[from]);
      }
    }
  }
  if (!writer_) {
    baselines_ = baselines;
    start_file();
  } else if (baselines != baselines_) {
    throw Error(ErrorKind::input,
                "baselines of the integration " +
                    std::to_string(writer_->rows_written() / baselines_.size()) + " for '" +
                    draft_.final_path() + "' differ from those of the first",
                "these files have the same baselines at all times");
  }
  writer_->append(rows, cells);
  pending_ = Visibilities();
}

std::size_t SubbandFile::complete() {
  if (pending_.rows() > 0) write_integration();
  if (!writer_) return 0;
  writer_->finish();
  return writer_->rows_written();
}

void SubbandFile::publish() { draft_.publish(); }

}  // namespace skymill::radio
