// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/testing.h>
#include <stages/simulate/simulate_stage.h>

#include <vector>

namespace skymill::radio {

/// A simulated observation, whole, to be cut into chunks as a test likes.
struct SmallObservation {
  Visibilities rows;
  std::shared_ptr<const ObservationHeader> header;
};

inline SmallObservation small_observation(SimulateParams params) {
  SmallObservation all;
  testing::run_source<Simulate>(params, [&](const Chunk<Visibilities>& chunk) {
    Visibilities& to = all.rows;
    const Visibilities& from = *chunk;
    if (!all.header) {
      to.header = all.header = from.header;
      to.nchan = from.nchan;
      to.ncorr = from.ncorr;
    }
    const auto append = [](auto& into, const auto& what) {
      into.insert(into.end(), what.begin(), what.end());
    };
    append(to.time_s, from.time_s);
    append(to.interval_s, from.interval_s);
    append(to.exposure_s, from.exposure_s);
    append(to.antenna1, from.antenna1);
    append(to.antenna2, from.antenna2);
    append(to.field_id, from.field_id);
    append(to.scan_number, from.scan_number);
    append(to.uvw_m, from.uvw_m);
    append(to.data, from.data);
    append(to.flag, from.flag);
    append(to.weight, from.weight);
  });
  return all;
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
