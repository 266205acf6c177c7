// SPDX-License-Identifier: GPL-3.0-or-later
#include "clip.h"

#include <core/conformance.h>
#include <stages/data/probe.h>
#include <catch2/catch.hpp>

using clip::Clip;
using skymill::testing::few_rows;

namespace {

/// The flags of these rows after clipping.
std::vector<double> flags_of(const clip::Visibilities& rows, double nsigma) {
  const auto data = skymill::testing::cut_rows(rows);
  std::vector<skymill::Chunk<clip::Visibilities>> chunks;
  chunks.push_back(data.cut({0, data.size}));
  skymill::testing::Figures out;
  const auto look = [&](const auto& chunk) {
    skymill::testing::Probe<clip::Visibilities>::add(*chunk, out);
  };
  skymill::testing::run_stage<Clip>({nsigma}, std::move(chunks), data.spec, look);
  return out.at("flag");
}

}  // namespace

TEST_CASE("it is what every stage owes its users") {
  skymill::testing::Conformance<Clip> suite;
  suite.data = skymill::testing::cut_rows(few_rows());
  for (const auto& fault : suite.faults()) FAIL_CHECK(fault);
}

TEST_CASE("what stands out is flagged, and nothing else") {
  // Amplitudes 1 to 7 and 100: median 5, distances' median 2, scatter 2.97.
  auto rows = few_rows(2, 1);  // one baseline, 4 channels, 2 correlations
  rows.data = {{1, 0}, {2, 0}, {0, 3}, {-4, 0}, {5, 0}, {0, -6}, {7, 0}, {60, 80}};
  rows.flag.assign(8, 0);
  CHECK(flags_of(rows, 5) == std::vector<double>{0, 0, 0, 0, 0, 0, 0, 1});
  CHECK(flags_of(rows, 0.5) == std::vector<double>{0, 0, 0, 0, 0, 0, 1, 1});
}
