// SPDX-License-Identifier: GPL-3.0-or-later
#include "average.h"

#include <core/plugin.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace average {

namespace {

using skymill::radio::SpectralWindow;

/// Times at the border of two bins belong to the later, whatever their last bits are.
constexpr double kBorder = 1e-6;  // s

/// The window with groups of channels made one.
SpectralWindow fewer_channels(const SpectralWindow& window, std::size_t group) {
  SpectralWindow fewer = window;
  fewer.chan_freq_hz.clear();
  fewer.chan_width_hz.clear();
  for (const skymill::Extent& part : skymill::split(window.chan_freq_hz.size(), group)) {
    const auto sum = [&](const std::vector<double>& values) {
      return std::accumulate(values.begin() + static_cast<std::ptrdiff_t>(part.begin),
                             values.begin() + static_cast<std::ptrdiff_t>(part.end), 0.0);
    };
    fewer.chan_freq_hz.push_back(sum(window.chan_freq_hz) / static_cast<double>(part.size()));
    fewer.chan_width_hz.push_back(sum(window.chan_width_hz));
  }
  return fewer;
}

}  // namespace

skymill::Schema<AverageParams> Average::schema() {
  skymill::Schema<AverageParams> s{"Average visibilities in time and channel."};
  s.field("time", &AverageParams::time, "Rows of a baseline within this time become one; 0: none")
      .unit("s")
      .at_least(0);
  s.field("channels", &AverageParams::channels, "So many neighbours become one channel")
      .range(1, 1e6);
  s.example("average: { time: 30s, channels: 4 }", "Thirty seconds and four channels become one");
  return s;
}

skymill::Ports Average::ports() {
  skymill::PortNeed need;
  need.kind = Visibilities::kDataKind;
  need.axes = {"row", "channel", "correlation"};
  need.columns = {"data", "flag", "weight", "uvw", "time", "antenna"};
  return skymill::Ports().in(need).out("out", Visibilities::kDataKind, "the means");
}

void Average::plan(skymill::Planning& planning) {
  const auto before = planning.input().header<ObservationHeader>();
  auto after = std::make_shared<ObservationHeader>(*before);
  for (SpectralWindow& window : after->spectral_windows) {
    window = fewer_channels(window, params_.channels);
  }
  after->history.push_back("averaged over " + std::to_string(params_.time) + " s and " +
                           std::to_string(params_.channels) + " channels");
  // At most as many rows as before, and at most one for each baseline, field and time bin.
  const double length = before->time_last_s - before->time_first_s;
  const double bins = params_.time > 0 ? std::floor(length / params_.time) + 2 : INFINITY;
  const auto antennas = static_cast<double>(before->antennas.size());
  const auto fields = static_cast<double>(std::max<std::size_t>(1, before->fields.size()));
  const double most = bins * fields * antennas * (antennas + 1) / 2;
  std::size_t state = 0;
  std::size_t moment_bytes = 0;
  after->rows = 0;
  for (std::size_t dd = 0; dd < after->data_descriptions.size(); ++dd) {
    std::size_t& rows = after->rows_per_description.at(dd);
    rows = static_cast<std::size_t>(std::min(static_cast<double>(rows), most));
    after->rows += rows;
    const auto& description = after->data_descriptions[dd];
    const auto& window =
        after->spectral_windows.at(static_cast<std::size_t>(description.spectral_window));
    const std::size_t cells = window.chan_freq_hz.size() * description.corr_types.size();
    state += rows * (sizeof(Key) + sizeof(Sums) + 100 + cells * 3 * sizeof(double));
    const auto at_once = static_cast<std::size_t>(
        std::min(static_cast<double>(rows), fields * antennas * (antennas + 1) / 2));
    moment_bytes = std::max(
        moment_bytes, at_once * (150 + cells * (sizeof(std::complex<float>) + sizeof(float) + 1)));
  }
  header_ = after;
  planning.output() = planning.input();
  planning.output().set_header(header_);
  planning.output().chunks = 0;
  planning.output().chunk_bytes = moment_bytes;
  planning.set_state(state);
  planning.set_result_work(2 * moment_bytes);
}

std::size_t Average::channels_out(std::size_t nchan) const {
  return (nchan + params_.channels - 1) / params_.channels;
}

void Average::add_row(const Visibilities& rows, std::size_t row, Sums& sums) const {
  const std::size_t cells = rows.nchan * rows.ncorr;
  double row_weight = 0;
  for (std::size_t i = 0; i < cells; ++i) {
    const std::size_t cell = row * cells + i;
    const std::complex<float> value = rows.data[cell];
    const float weight = rows.weight_spectrum.empty()
                             ? rows.weight[row * rows.ncorr + i % rows.ncorr]
                             : rows.weight_spectrum[cell];
    if (rows.flag[cell] || !(weight > 0) || !std::isfinite(value.real()) ||
        !std::isfinite(value.imag())) {
      continue;
    }
    const std::size_t out = i / rows.ncorr / params_.channels * rows.ncorr + i % rows.ncorr;
    sums.data[out] += static_cast<double>(weight) * std::complex<double>(value);
    sums.weight[out] += weight;
    row_weight += weight;
  }
  const double centroid =
      rows.time_centroid_s.empty() ? rows.time_s[row] : rows.time_centroid_s[row];
  const double* uvw = &rows.uvw_m[3 * row];
  const std::array<double, 4> place{uvw[0], uvw[1], uvw[2], centroid};
  for (std::size_t i = 0; i < place.size(); ++i) {
    sums.place[i] += row_weight * place[i];
    sums.plain_place[i] += place[i];
  }
  sums.place_weight += row_weight;
  const double half = rows.interval_s[row] / 2;
  const double begin = rows.time_s[row] - half, end = rows.time_s[row] + half;
  sums.begin_s = sums.rows > 0 ? std::min(sums.begin_s, begin) : begin;
  sums.end_s = sums.rows > 0 ? std::max(sums.end_s, end) : end;
  sums.exposure_s += rows.exposure_s[row];
  sums.rows += 1;
}

void Average::add(const skymill::Chunk<Visibilities>& chunk, const skymill::PipelineContext& ctx) {
  const std::size_t cells = channels_out(chunk->nchan) * chunk->ncorr;
  for (std::size_t row = 0; row < chunk->rows(); ++row) {
    const double since = chunk->time_s[row] - header_->time_first_s;
    // Without a time every integration is a bin of its own.
    const double bin =
        params_.time > 0 ? std::floor((since + kBorder) / params_.time) : std::round(since * 1e3);
    const Key key{chunk->data_desc_id,     static_cast<std::int64_t>(bin), chunk->field_id[row],
                  chunk->scan_number[row], chunk->antenna1[row],           chunk->antenna2[row]};
    Sums& sums = sums_[key];
    sums.data.resize(cells);
    sums.weight.resize(cells);
    add_row(*chunk, row, sums);
  }
  ctx.count("rows_in", static_cast<std::int64_t>(chunk->rows()));
}

void Average::put_row(const Key& key, const Sums& sums, Visibilities& out) const {
  const bool weighted = sums.place_weight > 0;
  const auto& place = weighted ? sums.place : sums.plain_place;
  const double by = weighted ? sums.place_weight : sums.rows;
  out.uvw_m.insert(out.uvw_m.end(), {place[0] / by, place[1] / by, place[2] / by});
  out.time_centroid_s.push_back(place[3] / by);
  out.time_s.push_back((sums.begin_s + sums.end_s) / 2);
  out.interval_s.push_back(sums.end_s - sums.begin_s);
  out.exposure_s.push_back(sums.exposure_s);
  out.antenna1.push_back(key.antenna1);
  out.antenna2.push_back(key.antenna2);
  out.field_id.push_back(key.field);
  out.scan_number.push_back(key.scan);
  std::vector<double> row_weight(out.ncorr);
  for (std::size_t cell = 0; cell < sums.data.size(); ++cell) {
    const double weight = sums.weight[cell];
    out.data.emplace_back(weight > 0 ? sums.data[cell] / weight : 0);
    out.flag.push_back(weight > 0 ? 0 : 1);
    out.weight_spectrum.push_back(static_cast<float>(weight));
    row_weight[cell % out.ncorr] += weight;
  }
  for (const double weight : row_weight) {
    out.weight.push_back(static_cast<float>(weight / static_cast<double>(out.nchan)));
  }
}

Visibilities Average::moment(int description, std::int64_t bin) const {
  constexpr std::int32_t kLeast = std::numeric_limits<std::int32_t>::min();
  const auto& setup = header_->data_descriptions.at(static_cast<std::size_t>(description));
  Visibilities out;
  out.header = header_;
  out.data_desc_id = description;
  out.ncorr = setup.corr_types.size();
  out.nchan = header_->spectral_windows.at(static_cast<std::size_t>(setup.spectral_window))
                  .chan_freq_hz.size();
  auto row = sums_.lower_bound({description, bin, kLeast, kLeast, kLeast, kLeast});
  for (; row != sums_.end() && row->first.description == description && row->first.bin == bin;
       ++row) {
    put_row(row->first, row->second, out);
  }
  return out;
}

skymill::Stream<Visibilities> Average::finish(const skymill::PipelineContext& ctx) {
  ctx.count("rows_out", static_cast<std::int64_t>(sums_.size()));
  auto next = sums_.begin();
  std::size_t first = 0;
  return skymill::Stream<Visibilities>(
      [this, next, first]() mutable -> std::optional<skymill::Stream<Visibilities>::Work> {
        if (next == sums_.end()) return std::nullopt;
        const Key key = next->first;
        const std::size_t begin = first;
        while (next != sums_.end() && next->first.description == key.description &&
               next->first.bin == key.bin) {
          ++next;
          ++first;
        }
        const skymill::Span place("row", begin, first);
        return [this, key, place](const skymill::PipelineContext&) {
          return skymill::Chunk<Visibilities>(moment(key.description, key.bin), place);
        };
      });
}

}  // namespace average

SKYMILL_PLUGIN(registry) { registry.add<average::Average>("average"); }
