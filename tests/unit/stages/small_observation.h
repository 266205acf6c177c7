// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/testing.h>
#include <stages/simulate/simulate_stage.h>

#include "row_chunks.h"

namespace skymill::radio {

/// A simulated observation, whole, to be cut into chunks as a test likes.
struct SmallObservation {
  Visibilities rows;
  std::shared_ptr<const ObservationHeader> header;
};

inline SmallObservation small_observation(SimulateParams params) {
  SmallObservation all;
  testing::run_source<Simulate>(params, [&](const Chunk<Visibilities>& chunk) {
    add_rows(all.rows, *chunk);
    all.header = chunk->header;
  });
  return all;
}

}  // namespace skymill::radio
