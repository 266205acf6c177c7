// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Slicer.h>
#include <casacore/tables/Tables/ArrayColumn.h>
#include <casacore/tables/Tables/ScalarColumn.h>
#include <casacore/tables/Tables/Table.h>
#include <stages/ms/ms_header.h>
#include <stages/ms/ms_inspection.h>
#include <stages/ms/positions.h>
#include <stages/ms/wall.h>
#include <stages/ms/written_samples.h>

#include <algorithm>
#include <cstring>

namespace skymill::radio {

namespace cc = casacore;

namespace {

constexpr std::size_t kBlockRows = std::size_t{1} << 17;

std::array<double, 2> first_direction(const cc::ArrayColumn<double>& column, std::size_t row) {
  const cc::Array<double> cell = column.get(row);
  if (cell.nelements() < 2) return {};
  auto value = cell.begin();
  const double first = *value;
  return {first, *++value};
}

}  // namespace

std::uint64_t checksum_of(const std::vector<std::complex<float>>& values) {
  std::uint64_t sum = 14695981039346656037ULL;
  for (const std::complex<float>& value : values) {
    std::uint64_t bits = 0;
    static_assert(sizeof(bits) == sizeof(value), "one word a value");
    std::memcpy(&bits, &value, sizeof(bits));
    sum = (sum ^ bits) * 1099511628211ULL;
    sum ^= sum >> 29;
  }
  return sum;
}

struct MsInspection::Impl {
  std::string path;
  cc::Table ms;

  template <class F>
  auto reading(const std::string& what, F&& work) const {
    return wall::guarded("cannot read " + what + " of '" + path + "'", work);
  }

  cc::Slicer rows(std::uint64_t first, std::size_t count) const {
    return cc::Slicer(wall::position({first}), wall::position({count}));
  }

  bool has(const std::string& column) const { return ms.tableDesc().isColumn(column); }

  template <class T, class U>
  void scalars(const char* column, std::uint64_t first, std::size_t count,
               std::vector<U>& into) const {
    if (!has(column)) return;
    reading(std::string("column ") + column, [&] {
      const cc::Vector<T> values =
          cc::ScalarColumn<T>(ms, column).getColumnRange(rows(first, count));
      into.assign(values.begin(), values.end());
    });
  }

  template <class T, class U>
  void arrays(const char* column, std::uint64_t first, std::size_t count,
              std::vector<U>& into) const {
    if (!has(column)) return;
    reading(std::string("column ") + column, [&] {
      const cc::ArrayColumn<T> source(ms, column);
      if (!source.isDefined(first)) return;
      const cc::Array<T> values = source.getColumnRange(rows(first, count));
      into.assign(values.begin(), values.end());
    });
  }
};

MsInspection::MsInspection(const Lane::Token&, const std::string& path)
    : impl_(std::make_unique<Impl>()) {
  const wall::TablesLock lock;
  impl_->path = path;
  impl_->ms = wall::open_input(path, "the MeasurementSet");
}

MsInspection::~MsInspection() {
  const wall::TablesLock lock;
  impl_.reset();
}

std::uint64_t MsInspection::rows() const { return impl_->ms.nrow(); }
bool MsInspection::has_column(const std::string& name) const { return impl_->has(name); }
bool MsInspection::has_subtable(const std::string& name) const {
  return wall::has_subtable(impl_->ms, name);
}

ObservationHeader MsInspection::header(const Lane::Token&) const {
  const wall::TablesLock lock;
  std::vector<std::string> notes;
  return impl_->reading("subtables", [&] { return wall::read_ms_header(impl_->ms, notes); });
}

std::size_t MsInspection::observation_rows(const Lane::Token&) const {
  const wall::TablesLock lock;
  return wall::open_subtable(impl_->ms, "OBSERVATION").nrow();
}

std::vector<std::array<double, 2>> MsInspection::time_ranges(const Lane::Token&) const {
  const wall::TablesLock lock;
  return impl_->reading("OBSERVATION.TIME_RANGE", [&] {
    const cc::Table table = wall::open_subtable(impl_->ms, "OBSERVATION");
    const cc::ArrayColumn<double> column(table, "TIME_RANGE");
    std::vector<std::array<double, 2>> ranges;
    for (std::size_t row = 0; row < table.nrow(); ++row) {
      ranges.push_back(first_direction(column, row));
    }
    return ranges;
  });
}

std::vector<MsFieldDirections> MsInspection::directions(const Lane::Token&) const {
  const wall::TablesLock lock;
  return impl_->reading("the directions of FIELD", [&] {
    const cc::Table table = wall::open_subtable(impl_->ms, "FIELD");
    const cc::ArrayColumn<double> phase(table, "PHASE_DIR"), reference(table, "REFERENCE_DIR"),
        delay(table, "DELAY_DIR");
    std::vector<MsFieldDirections> directions;
    for (std::size_t row = 0; row < table.nrow(); ++row) {
      directions.push_back({first_direction(phase, row), first_direction(reference, row),
                            first_direction(delay, row)});
    }
    return directions;
  });
}

std::vector<MsWrittenSample> MsInspection::written_samples(const Lane::Token&) const {
  return wall::WrittenSamples::read(impl_->ms);
}

void MsInspection::scan(const Lane::Token&,
                        const std::function<void(const MsRowBlock&)>& take) const {
  for (std::uint64_t first = 0; first < rows(); first += kBlockRows) {
    MsRowBlock block;
    block.first = first;
    block.count = static_cast<std::size_t>(std::min<std::uint64_t>(kBlockRows, rows() - first));
    const auto doubles = [&](const char* column, std::vector<double>& into) {
      impl_->scalars<double>(column, first, block.count, into);
    };
    const auto numbers = [&](const char* column, std::vector<std::int32_t>& into) {
      impl_->scalars<cc::Int>(column, first, block.count, into);
    };
    doubles("TIME", block.time_s);
    doubles("INTERVAL", block.interval_s);
    doubles("EXPOSURE", block.exposure_s);
    numbers("ANTENNA1", block.antenna1);
    numbers("ANTENNA2", block.antenna2);
    numbers("FIELD_ID", block.field_id);
    numbers("DATA_DESC_ID", block.data_desc_id);
    numbers("OBSERVATION_ID", block.observation_id);
    impl_->arrays<double>("UVW", first, block.count, block.uvw_m);
    take(block);
  }
}

MsCells MsInspection::cells(const Lane::Token&, std::uint64_t first, std::size_t count) const {
  MsCells cells;
  const char* const shaped = has_column("DATA") ? "DATA" : "FLAG";
  if (has_column(shaped)) {
    const cc::IPosition shape =
        impl_->reading(shaped, [&] { return cc::TableColumn(impl_->ms, shaped).shape(first); });
    if (shape.size() == 2) {
      cells.ncorr = static_cast<std::size_t>(shape[0]);
      cells.nchan = static_cast<std::size_t>(shape[1]);
    }
  }
  impl_->arrays<cc::Complex>("DATA", first, count, cells.data);
  impl_->arrays<cc::Complex>("MODEL_DATA", first, count, cells.model);
  impl_->arrays<cc::Complex>("CORRECTED_DATA", first, count, cells.corrected);
  impl_->arrays<bool>("FLAG", first, count, cells.flag);
  impl_->arrays<float>("WEIGHT", first, count, cells.weight);
  impl_->arrays<float>("SIGMA", first, count, cells.sigma);
  return cells;
}

std::vector<std::complex<float>> MsInspection::data(const Lane::Token&,
                                                    const MsWrittenSample& sample) const {
  return impl_->reading("column DATA, row " + std::to_string(sample.first), [&] {
    const cc::ArrayColumn<cc::Complex> column(impl_->ms, "DATA");
    const auto ncorr = static_cast<std::size_t>(column.shape(sample.first)[0]);
    const cc::Slicer channels(wall::position({0, sample.first_channel}),
                              wall::position({ncorr, sample.nchan}));
    const cc::Array<cc::Complex> values =
        column.getColumnRange(impl_->rows(sample.first, sample.count), channels);
    return std::vector<std::complex<float>>(values.begin(), values.end());
  });
}

}  // namespace skymill::radio
