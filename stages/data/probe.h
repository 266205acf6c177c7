// SPDX-License-Identifier: GPL-3.0-or-later
// How the conformance suite (core/conformance.h) sees skymill's kinds of data.
#pragma once

#include <core/axes.h>
#include <core/conformance.h>
#include <core/port.h>
#include <stages/data/visibilities.h>

#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace skymill::testing {

template <>
struct Probe<radio::Visibilities> {
  /// Windows have columns of their own: where chunks end decides how their rows take turns.
  static void add(const radio::Visibilities& rows, Figures& figures) {
    const std::string window =
        rows.data_desc_id == 0 ? "" : " of data description " + std::to_string(rows.data_desc_id);
    const auto put = [&](const char* name, const auto& values) {
      auto& column = figures[name + window];
      column.insert(column.end(), values.begin(), values.end());
    };
    put("time", rows.time_s);
    put("interval", rows.interval_s);
    put("exposure", rows.exposure_s);
    put("time_centroid", rows.time_centroid_s);
    put("antenna1", rows.antenna1);
    put("antenna2", rows.antenna2);
    put("field", rows.field_id);
    put("scan", rows.scan_number);
    put("uvw", rows.uvw_m);
    put("flag", rows.flag);
    put("weight", rows.weight);
    put("weight_spectrum", rows.weight_spectrum);
    auto& data = figures["data" + window];
    for (const auto& value : rows.data) {
      data.push_back(value.real());
      data.push_back(value.imag());
    }
  }

  static void spoil_flagged(radio::Visibilities& rows) {
    for (std::size_t i = 0; i < rows.data.size(); ++i) {
      if (rows.flag[i]) rows.data[i] = {nan(), nan()};
    }
  }

  static void spoil_one(radio::Visibilities& rows) {
    for (std::size_t i = 0; i < rows.data.size(); ++i) {
      if (rows.flag[i]) continue;
      rows.data[i] = {nan(), 1};
      return;
    }
  }

 private:
  static float nan() { return std::numeric_limits<float>::quiet_NaN(); }
};

/// The rows of an observation, to be cut as the suite likes.
inline CutData<radio::Visibilities> cut_rows(radio::Visibilities all) {
  const auto rows = std::make_shared<const radio::Visibilities>(std::move(all));
  CutData<radio::Visibilities> data;
  data.size = rows->rows();
  data.spec.kind = radio::Visibilities::kDataKind;
  data.spec.axes = {"row", "channel", "correlation"};
  data.spec.columns = {"data", "flag", "weight", "uvw", "time", "antenna"};
  data.spec.set_header<radio::ObservationHeader>(rows->header);
  data.cut = [rows](Extent place) {
    radio::Visibilities part;
    part.header = rows->header;
    part.data_desc_id = rows->data_desc_id;
    part.nchan = rows->nchan;
    part.ncorr = rows->ncorr;
    const auto take = [&](auto& into, const auto& from, std::size_t per_row) {
      if (from.empty()) return;  // a column that these rows do not have
      into.assign(from.begin() + static_cast<std::ptrdiff_t>(place.begin * per_row),
                  from.begin() + static_cast<std::ptrdiff_t>(place.end * per_row));
    };
    const std::size_t cells = rows->nchan * rows->ncorr;
    take(part.time_s, rows->time_s, 1);
    take(part.interval_s, rows->interval_s, 1);
    take(part.exposure_s, rows->exposure_s, 1);
    take(part.antenna1, rows->antenna1, 1);
    take(part.antenna2, rows->antenna2, 1);
    take(part.field_id, rows->field_id, 1);
    take(part.scan_number, rows->scan_number, 1);
    take(part.time_centroid_s, rows->time_centroid_s, 1);
    take(part.observation_id, rows->observation_id, 1);
    take(part.state_id, rows->state_id, 1);
    take(part.uvw_m, rows->uvw_m, 3);
    take(part.data, rows->data, cells);
    take(part.flag, rows->flag, cells);
    take(part.weight, rows->weight, rows->ncorr);
    take(part.weight_spectrum, rows->weight_spectrum, cells);
    return Chunk<radio::Visibilities>(std::move(part), Span("row", place.begin, place.end));
  };
  return data;
}

/// An array of a few antennas that looks at a point source: 4 channels, 2 correlations, some flags.
/// Headers and rows are complete, so that any stage can work on them.
inline radio::Visibilities few_rows(std::size_t antennas = 5, std::size_t times = 7) {
  auto header = std::make_shared<radio::ObservationHeader>();
  header->telescope = "TEST";
  for (std::size_t i = 0; i < antennas; ++i) {
    const auto place = static_cast<double>(i);
    header->antennas.push_back({"A" + std::to_string(i),
                                "P" + std::to_string(i),
                                {6378137.0, 40 * place, 15 * place * place},
                                5,
                                "alt-az"});
  }
  constexpr std::size_t kChannels = 4;
  radio::SpectralWindow window;
  window.name = "test";
  for (std::size_t c = 0; c < kChannels; ++c) {
    window.chan_freq_hz.push_back(1.4e9 + 1e6 * static_cast<double>(c));
    window.chan_width_hz.push_back(1e6);
  }
  window.ref_frequency_hz = window.chan_freq_hz.front();
  header->spectral_windows = {window};
  header->data_descriptions = {{0, {9, 12}}};
  header->fields = {{"point", {0.3, 0.1, "J2000"}, 5e9}};
  header->time_first_s = 5e9;
  header->time_last_s = 5e9 + 10 * static_cast<double>(times - 1);
  header->uvw_sense = radio::UvwSense::one_minus_two;

  radio::Visibilities rows;
  rows.nchan = kChannels;
  rows.ncorr = 2;
  for (std::size_t t = 0; t < times; ++t) {
    for (std::size_t i = 0; i < antennas; ++i) {
      for (std::size_t j = i + 1; j < antennas; ++j) {
        rows.time_s.push_back(5e9 + 10 * static_cast<double>(t));
        rows.interval_s.push_back(10);
        rows.exposure_s.push_back(10);
        rows.antenna1.push_back(static_cast<std::int32_t>(i));
        rows.antenna2.push_back(static_cast<std::int32_t>(j));
        rows.field_id.push_back(0);
        rows.scan_number.push_back(1);
        for (std::size_t k = 0; k < 3; ++k) {
          rows.uvw_m.push_back(header->antennas[i].position_m[k] -
                               header->antennas[j].position_m[k]);
        }
        for (std::size_t cell = 0; cell < kChannels * 2; ++cell) {
          const auto count = static_cast<float>(rows.data.size());
          rows.data.emplace_back(1 + 0.01F * count, 0.002F * count);
          rows.flag.push_back(rows.data.size() % 11 == 0);
        }
        rows.weight.insert(rows.weight.end(), {1.0F, 2.0F});
      }
    }
  }
  header->rows = rows.rows();
  header->rows_per_description = {rows.rows()};
  rows.header = std::move(header);
  return rows;
}

}  // namespace skymill::testing
