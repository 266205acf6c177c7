// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Vector.h>
#include <core/error.h>
#include <stages/ms/ms_expressions.h>
#include <stages/ms/ms_header.h>
#include <stages/ms/wall.h>
#include <stages/ms/written_rows.h>

#include <algorithm>
#include <utility>

namespace skymill::radio::wall {

namespace cc = casacore;

void WrittenRows::open(const std::string& path) {
  path_ = path;
  ms_ = cc::Table(path, own_lock(), cc::Table::Update, cc::TSMOption(cc::TSMOption::Cache, 0, -1));
}

void WrittenRows::select(const MsSelection& wanted) {
  std::vector<std::string> notes;
  header_ = read_ms_header(ms_, notes);
  SelectedParts parts = select_parts(ms_, wanted, header_);
  selection_.emplace(ms_, wanted, parts.rows, header_);
  channels_ = std::move(parts.channels);
  time_.emplace(ms_, "TIME");
  antenna1_.emplace(ms_, "ANTENNA1");
  antenna2_.emplace(ms_, "ANTENNA2");
}

void WrittenRows::close() {
  time_.reset();
  antenna1_.reset();
  antenna2_.reset();
  ms_ = cc::Table();
}

WrittenRows::Shape WrittenRows::shape_at(std::size_t first) const {
  const MsSegment& segment = selection_->segment_of(first);
  const auto& description =
      header_.data_descriptions[static_cast<std::size_t>(segment.data_desc_id)];
  const auto window = static_cast<std::size_t>(description.spectral_window);
  const std::vector<std::size_t>& wanted = channels_[window];
  const std::size_t stored = header_.spectral_windows[window].chan_freq_hz.size();
  return {wanted, description.corr_types.size(), wanted.empty() ? stored : wanted.size(),
          segment.first + segment.count - first};
}

cc::RefRows WrittenRows::same_rows(std::size_t first, const Visibilities& rows,
                                   const std::string& kind) const {
  const auto refuse = [&](std::size_t row, const std::string& why) {
    throw Error(ErrorKind::input,
                kind + " rows from " + std::to_string(row) + " on " + why + " than those of '" +
                    path_ + "'",
                "give the writer the same input and selection as the reader");
  };
  const Shape shape = shape_at(first);
  const bool fits =
      rows.ncorr == shape.ncorr && rows.nchan == shape.nchan && rows.rows() <= shape.rows;
  if (!fits) refuse(first, "are of another shape");
  const cc::RefRows found = table_rows(first, rows.rows());
  const cc::Vector<double> times = time_->getColumnCells(found);
  const cc::Vector<cc::Int> ones = antenna1_->getColumnCells(found);
  const cc::Vector<cc::Int> twos = antenna2_->getColumnCells(found);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    if (times[row] != rows.time_s[row] || ones[row] != rows.antenna1[row] ||
        twos[row] != rows.antenna2[row]) {
      refuse(first + row, "have other times or antennas");
    }
  }
  return found;
}

bool WrittenRows::has_all_samples() const {
  std::size_t rows = 0;
  for (const MsSegment& segment : selection_->segments()) rows += segment.count;
  return rows == ms_.nrow() && std::all_of(channels_.begin(), channels_.end(),
                                           [](const auto& wanted) { return wanted.empty(); });
}

}  // namespace skymill::radio::wall
