// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/assess/closure_phases.h>
#include <catch2/catch.hpp>

#include <cmath>
#include <complex>

#include "../stages/small_observation.h"

using namespace skymill;
using namespace skymill::radio;

namespace {

SmallObservation observation(double noise, double gain_phase) {
  SimulateParams params;
  params.antennas = 8;
  params.times = 5;
  params.nchan = 4;
  params.noise = noise;
  params.gain_phase = gain_phase;
  params.gain_amplitude = gain_phase > 0 ? 0.2 : 0;
  params.sources = {"0arcsec 0arcsec 3Jy"};
  return small_observation(params);
}

ClosurePhases::Figures closure_of(const SmallObservation& all, std::size_t refant,
                                  std::size_t rows = 1000, std::size_t hand = 0) {
  ClosurePhases phases(all.header, refant);
  for (const auto& chunk : in_chunks(all.rows, rows)) phases.add(*chunk);
  return phases.finish()[hand];
}

}  // namespace

TEST_CASE("phases of antennas close, whichever antenna is in all triangles") {
  const SmallObservation all = observation(0, 2);
  for (const std::size_t refant : {std::size_t{0}, std::size_t{3}, std::size_t{7}}) {
    const auto figures = closure_of(all, refant);
    CHECK(figures.triangles == 7 * 6 / 2);
    CHECK(figures.rms_rad < 1e-5);
  }
}

TEST_CASE("the phase of a single baseline does not close") {
  SmallObservation all = observation(0, 2);
  for (std::size_t row = 0; row < all.rows.rows(); ++row) {
    if (all.rows.antenna1[row] != 2 || all.rows.antenna2[row] != 5) continue;
    for (std::size_t k = 0; k < 8; ++k) all.rows.data[row * 8 + k] *= std::polar(1.0F, 0.5F);
  }
  // Of 21 triangles one has this baseline, or 6 of them when the antenna is one of its two.
  CHECK(closure_of(all, 0).rms_rad == Approx(0.5 / std::sqrt(21.0)).epsilon(1e-4));
  CHECK(closure_of(all, 5).rms_rad == Approx(0.5 * std::sqrt(6 / 21.0)).epsilon(1e-4));
}

TEST_CASE("noise falls as the triple products are summed; chunks do not matter") {
  const SmallObservation all = observation(0.3, 1);
  // Each of three baselines adds 0.1 rad, over 4 channels and 5 integrations.
  CHECK(closure_of(all, 0).rms_rad == Approx(0.1 * std::sqrt(3.0 / 20)).epsilon(0.5));
  CHECK(closure_of(all, 0, 7).rms_rad == closure_of(all, 0).rms_rad);
}

TEST_CASE("flagged samples and antennas that are not there are left out") {
  SmallObservation all = observation(0, 1);
  for (std::size_t row = 0; row < all.rows.rows(); ++row) {
    const bool of_four = all.rows.antenna1[row] == 4 || all.rows.antenna2[row] == 4;
    for (std::size_t c = 0; c < 4; ++c) {
      if (of_four) all.rows.flag[(row * 4 + c) * 2] = 1;  // in the first hand
      if (c == 2) all.rows.data[(row * 4 + c) * 2] = {NAN, 0};
    }
  }
  CHECK(closure_of(all, 0).triangles == 6 * 5 / 2);
  CHECK(closure_of(all, 0).rms_rad < 1e-5);
  CHECK(closure_of(all, 0, 1000, 1).triangles == 21);
  CHECK(closure_of(all, 4).triangles == 0);
}
