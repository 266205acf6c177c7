// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/axes.h>
#include <core/chunk.h>
#include <core/port.h>
#include <stages/data/visibilities.h>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace skymill::radio {

/// Adds the rows of a chunk, whose header and shape become those of all.
inline void add_rows(Visibilities& all, const Visibilities& chunk) {
  all.header = chunk.header;
  all.nchan = chunk.nchan;
  all.ncorr = chunk.ncorr;
  const auto append = [](auto& into, const auto& what) {
    into.insert(into.end(), what.begin(), what.end());
  };
  append(all.time_s, chunk.time_s);
  append(all.interval_s, chunk.interval_s);
  append(all.exposure_s, chunk.exposure_s);
  append(all.antenna1, chunk.antenna1);
  append(all.antenna2, chunk.antenna2);
  append(all.field_id, chunk.field_id);
  append(all.scan_number, chunk.scan_number);
  append(all.uvw_m, chunk.uvw_m);
  append(all.data, chunk.data);
  append(all.flag, chunk.flag);
  append(all.weight, chunk.weight);
}

/// The rows [first, first + count) as a chunk.
inline Chunk<Visibilities> cut_rows(const Visibilities& all, std::size_t first, std::size_t count) {
  Visibilities part;
  part.header = all.header;
  part.data_desc_id = all.data_desc_id;
  part.nchan = all.nchan;
  part.ncorr = all.ncorr;
  const auto take = [&](auto& into, const auto& from, std::size_t per_row) {
    into.assign(from.begin() + static_cast<std::ptrdiff_t>(first * per_row),
                from.begin() + static_cast<std::ptrdiff_t>((first + count) * per_row));
  };
  const std::size_t cells = all.nchan * all.ncorr;
  take(part.time_s, all.time_s, 1);
  take(part.interval_s, all.interval_s, 1);
  take(part.exposure_s, all.exposure_s, 1);
  take(part.antenna1, all.antenna1, 1);
  take(part.antenna2, all.antenna2, 1);
  take(part.field_id, all.field_id, 1);
  take(part.scan_number, all.scan_number, 1);
  take(part.uvw_m, all.uvw_m, 3);
  take(part.data, all.data, cells);
  take(part.flag, all.flag, cells);
  take(part.weight, all.weight, all.ncorr);
  return Chunk<Visibilities>(std::move(part), Span("row", first, first + count));
}

/// The observation in chunks of at most `rows`.
inline std::vector<Chunk<Visibilities>> in_chunks(const Visibilities& all, std::size_t rows) {
  std::vector<Chunk<Visibilities>> chunks;
  for (const Extent& piece : split(all.rows(), rows)) {
    chunks.push_back(cut_rows(all, piece.begin, piece.size()));
  }
  return chunks;
}

/// What the planner is told of such chunks.
inline PortSpec visibility_spec(std::shared_ptr<const ObservationHeader> header) {
  PortSpec spec;
  spec.kind = Visibilities::kDataKind;
  spec.axes = {"row", "channel", "correlation"};
  spec.columns = {"data", "flag", "weight", "uvw", "time", "antenna"};
  spec.set_header<ObservationHeader>(std::move(header));
  return spec;
}

}  // namespace skymill::radio
