// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Slicer.h>
#include <stages/ms/main_columns.h>
#include <stages/ms/positions.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio::wall {

namespace cc = casacore;

namespace {

cc::Slicer rows(std::uint64_t first, std::size_t count) {
  return cc::Slicer(position({first}), position({count}));
}

/// A view of constant values; casacore has no array of const elements, and only reads these.
template <class T, class U>
cc::Array<T> view(const std::vector<U>& values, const cc::IPosition& shape) {
  static_assert(sizeof(T) == sizeof(U), "the values are written in place");
  return cc::Array<T>(shape, reinterpret_cast<T*>(const_cast<U*>(values.data())), cc::SHARE);
}

template <class T, class U>
void put_scalars(cc::ScalarColumn<T>& column, std::uint64_t first, const std::vector<U>& values) {
  const cc::Array<T> block = view<T>(values, position({values.size()}));
  column.putColumnRange(rows(first, values.size()), cc::Vector<T>(block));
}

template <class T, class U>
void put_range(cc::ArrayColumn<T>& column, const CellRange& range, const std::vector<U>& values) {
  const cc::Array<T> block = view<T>(values, position({range.ncorr, range.nchan, range.count}));
  if (range.whole) {
    column.putColumnRange(rows(range.first, range.count), block);
    return;
  }
  const cc::Slicer slab(position({0, range.first_channel}), position({range.ncorr, range.nchan}));
  column.putColumnRange(rows(range.first, range.count), slab, block);
}

/// Columns that never change: the incremental manager repeats the first row's value.
void put_constants(const cc::Table& ms) {
  for (const char* column : {"ARRAY_ID", "FEED1", "FEED2", "PROCESSOR_ID"}) {
    cc::ScalarColumn<cc::Int>(ms, column).put(0, 0);
  }
}

void put_or_zero(ChangingColumn<cc::Int>& column, std::uint64_t first,
                 const std::vector<std::int32_t>& numbers) {
  if (numbers.empty()) {
    column.put(first, 0);
  } else {
    column.put(first, numbers);
  }
}

std::optional<cc::ArrayColumn<cc::Complex>> optional_column(const cc::Table& ms, const char* name) {
  if (!ms.tableDesc().isColumn(name)) return std::nullopt;
  return cc::ArrayColumn<cc::Complex>(ms, name);
}

}  // namespace

MainColumns::MainColumns(const cc::MeasurementSet& ms)
    : antenna1_(ms, "ANTENNA1"),
      antenna2_(ms, "ANTENNA2"),
      description_(ms, "DATA_DESC_ID"),
      time_(ms, "TIME"),
      centroid_(ms, "TIME_CENTROID"),
      interval_(ms, "INTERVAL"),
      exposure_(ms, "EXPOSURE"),
      field_(ms, "FIELD_ID"),
      scan_(ms, "SCAN_NUMBER"),
      observation_(ms, "OBSERVATION_ID"),
      state_(ms, "STATE_ID"),
      new_description_(ms, "DATA_DESC_ID"),
      flag_row_(ms, "FLAG_ROW"),
      uvw_(ms, "UVW"),
      data_(ms, "DATA"),
      model_(optional_column(ms, "MODEL_DATA")),
      corrected_(optional_column(ms, "CORRECTED_DATA")),
      flag_(ms, "FLAG"),
      weight_(ms, "WEIGHT"),
      sigma_(ms, "SIGMA") {}

void MainColumns::put_rows(std::uint64_t first, const Visibilities& chunk, int data_desc_id) {
  if (first == 0) put_constants(description_.table());
  time_.put(first, chunk.time_s);
  centroid_.put(first, chunk.time_centroid_s.empty() ? chunk.time_s : chunk.time_centroid_s);
  interval_.put(first, chunk.interval_s);
  exposure_.put(first, chunk.exposure_s);
  field_.put(first, chunk.field_id);
  scan_.put(first, chunk.scan_number);
  put_or_zero(observation_, first, chunk.observation_id);
  put_or_zero(state_, first, chunk.state_id);
  new_description_.put(first, data_desc_id);
  put_scalars(antenna1_, first, chunk.antenna1);
  put_scalars(antenna2_, first, chunk.antenna2);
  uvw_.putColumnRange(rows(first, chunk.rows()),
                      view<double>(chunk.uvw_m, position({3, chunk.rows()})));
}

void MainColumns::put_flag_rows(std::uint64_t first, const std::vector<std::uint8_t>& all_bad) {
  flag_row_.put(first, all_bad);
}

void MainColumns::put_weights(std::uint64_t first, std::size_t ncorr,
                              const std::vector<float>& weight) {
  const cc::IPosition shape = position({ncorr, weight.size() / ncorr});
  const cc::Slicer range = rows(first, weight.size() / ncorr);
  weight_.putColumnRange(range, view<float>(weight, shape));
  std::vector<float> sigma(weight.size());
  std::transform(weight.begin(), weight.end(), sigma.begin(),
                 [](float value) { return value > 0 ? 1 / std::sqrt(value) : -1.0F; });
  sigma_.putColumnRange(range, view<float>(sigma, shape));
}

void MainColumns::put_cells(const CellRange& range, const Visibilities& chunk) {
  put_range(data_, range, chunk.data);
  put_range(flag_, range, chunk.flag);
  if (corrected_) put_range(*corrected_, range, chunk.data);
  if (!model_) return;
  zeros_.resize(chunk.data.size());
  put_range(*model_, range, zeros_);
}

void MainColumns::open_weight_spectrum(const cc::MeasurementSet& ms) {
  weight_spectrum_.emplace(ms, "WEIGHT_SPECTRUM");
}

void MainColumns::put_weight_spectrum(const CellRange& range, const std::vector<float>& weights) {
  put_range(*weight_spectrum_, range, weights);
}

std::vector<float> MainColumns::weights(std::uint64_t first, std::size_t count) const {
  const cc::Array<float> values = weight_.getColumnRange(rows(first, count));
  return std::vector<float>(values.begin(), values.end());
}

std::vector<std::int32_t> MainColumns::descriptions(std::uint64_t first, std::size_t count) const {
  const cc::Vector<cc::Int> values = description_.getColumnRange(rows(first, count));
  return std::vector<std::int32_t>(values.begin(), values.end());
}

}  // namespace skymill::radio::wall
