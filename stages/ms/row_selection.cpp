// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Matrix.h>
#include <casacore/casa/Arrays/Vector.h>
#include <casacore/tables/Tables/ArrayColumn.h>
#include <casacore/tables/Tables/ScalarColumn.h>
#include <stages/ms/row_selection.h>
#include <stages/ms/wall.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace skymill::radio::wall {

namespace {

namespace cc = casacore;

constexpr std::size_t kBlockRows = std::size_t{1} << 18;  // 6 MiB of UVW at a time

/// The deciding columns of consecutive table rows.
struct RowBlock {
  cc::Vector<cc::Int> description, antenna1, antenna2, field;
  cc::Vector<double> time_s;
  cc::Matrix<double> uvw_m;
};

template <class Column>
auto block_of(const cc::Table& ms, const char* name, const cc::Slicer& range) {
  return guarded("cannot read column " + std::string(name) + " of '" + std::string(ms.tableName()) +
                     "', rows from " + std::to_string(range.start()[0]),
                 [&] { return Column(ms, name).getColumnRange(range); });
}

RowBlock read_block(const cc::Table& ms, std::size_t first, std::size_t count) {
  const cc::Slicer range(cc::IPosition(1, static_cast<ssize_t>(first)),
                         cc::IPosition(1, static_cast<ssize_t>(count)));
  using Ints = cc::ScalarColumn<cc::Int>;
  RowBlock block;
  block.description.reference(block_of<Ints>(ms, "DATA_DESC_ID", range));
  block.antenna1.reference(block_of<Ints>(ms, "ANTENNA1", range));
  block.antenna2.reference(block_of<Ints>(ms, "ANTENNA2", range));
  block.field.reference(block_of<Ints>(ms, "FIELD_ID", range));
  block.time_s.reference(block_of<cc::ScalarColumn<double>>(ms, "TIME", range));
  block.uvw_m.reference(block_of<cc::ArrayColumn<double>>(ms, "UVW", range));
  if (block.uvw_m.nrow() != 3) {
    throw Error(ErrorKind::input,
                "column UVW of '" + std::string(ms.tableName()) + "' has " +
                    std::to_string(block.uvw_m.nrow()) + " values in a row instead of 3",
                kDamagedHint);
  }
  return block;
}

[[noreturn]] void refuse_row(const cc::Table& ms, std::size_t row, const char* column, int value,
                             std::size_t count, const char* subtable) {
  throw Error(ErrorKind::input,
              "column " + std::string(column) + " of '" + std::string(ms.tableName()) + "', row " +
                  std::to_string(row) + ", is " + std::to_string(value) + ", but " + subtable +
                  " has " + std::to_string(count) + " rows",
              kDamagedHint);
}

bool within(int value, std::size_t count) {
  return value >= 0 && static_cast<std::size_t>(value) < count;
}

/// Every number must name a row of its subtable, also in rows that are not selected.
void check_row(const cc::Table& ms, const RowBlock& block, std::size_t i, std::size_t row,
               const ObservationHeader& header) {
  const auto check = [&](const char* column, int value, std::size_t count, const char* subtable) {
    if (!within(value, count)) refuse_row(ms, row, column, value, count, subtable);
  };
  check("DATA_DESC_ID", block.description[i], header.data_descriptions.size(), "DATA_DESCRIPTION");
  check("ANTENNA1", block.antenna1[i], header.antennas.size(), "ANTENNA");
  check("ANTENNA2", block.antenna2[i], header.antennas.size(), "ANTENNA");
  check("FIELD_ID", block.field[i], header.fields.size(), "FIELD");
}

}  // namespace

RowSelection::RowSelection(const cc::Table& ms, const MsSelection& wanted,
                           const std::vector<bool>& chosen, ObservationHeader& header) {
  const bool autocorrelations =
      wanted.autocorrelations || wanted.antennas.find("&&") != std::string::npos;
  std::vector<std::vector<Run>> runs(header.data_descriptions.size());
  header.rows_per_description.assign(runs.size(), 0);
  bool any = false;
  double longest_squared = 0;
  for (std::size_t start = 0; start < ms.nrow(); start += kBlockRows) {
    const std::size_t count = std::min<std::size_t>(kBlockRows, ms.nrow() - start);
    const RowBlock block = read_block(ms, start, count);
    for (std::size_t i = 0; i < count; ++i) {
      check_row(ms, block, i, start + i, header);
      if (!autocorrelations && block.antenna1[i] == block.antenna2[i]) continue;
      if (!chosen.empty() && !chosen[start + i]) continue;
      const auto description = static_cast<std::size_t>(block.description[i]);
      std::vector<Run>& list = runs[description];
      if (list.empty() || list.back().table_row + list.back().count != start + i) {
        list.push_back({start + i, 0, 0});
      }
      ++list.back().count;
      ++header.rows_per_description[description];
      const double time = block.time_s[i];
      header.time_first_s = any ? std::min(header.time_first_s, time) : time;
      header.time_last_s = any ? std::max(header.time_last_s, time) : time;
      any = true;
      const double u = block.uvw_m(0, i);
      const double v = block.uvw_m(1, i);
      const double w = block.uvw_m(2, i);
      longest_squared = std::max(longest_squared, u * u + v * v + w * w);
    }
  }
  header.max_uvw_m = std::sqrt(longest_squared);
  std::size_t next = 0;
  for (std::size_t description = 0; description < runs.size(); ++description) {
    if (runs[description].empty()) continue;
    segments_.push_back(
        {static_cast<int>(description), next, header.rows_per_description[description]});
    for (Run run : runs[description]) {
      run.first = next;
      next += run.count;
      runs_.push_back(run);
    }
  }
  header.rows = next;
}

const MsSegment& RowSelection::segment_of(std::size_t first) const {
  for (const MsSegment& segment : segments_) {
    if (first >= segment.first && first < segment.first + segment.count) return segment;
  }
  const std::size_t rows = segments_.empty() ? 0 : segments_.back().first + segments_.back().count;
  throw Error(ErrorKind::input, "row " + std::to_string(first) +
                                    " was asked for, but the selection has " +
                                    std::to_string(rows) + " rows");
}

cc::RefRows RowSelection::table_rows(std::size_t first, std::size_t count) const {
  auto run = std::upper_bound(runs_.begin(), runs_.end(), first,
                              [](std::size_t row, const Run& r) { return row < r.first; });
  --run;
  std::vector<cc::rownr_t> slices;
  for (std::size_t left = count; left > 0; ++run) {
    const std::size_t skip = first + (count - left) - run->first;
    const std::size_t take = std::min(left, run->count - skip);
    const cc::rownr_t from = run->table_row + skip;
    slices.insert(slices.end(), {from, from + take - 1, 1});
    left -= take;
  }
  return cc::RefRows(cc::Vector<cc::rownr_t>(slices), true);
}

}  // namespace skymill::radio::wall
