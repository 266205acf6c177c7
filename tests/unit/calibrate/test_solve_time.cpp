// SPDX-License-Identifier: GPL-3.0-or-later
// Solutions in time and by data description, and what is recorded of them.
#include <core/error.h>
#include <stages/calibrate/solve_report.h>
#include <catch2/catch.hpp>

#include <cmath>

#include "calibrator.h"
#include "metrics_state.h"

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

/// Turns with time, the more the higher the antenna's number.
std::complex<double> drifting_gain(std::size_t a, std::size_t c, std::size_t h, double time_s) {
  const double turns = 0.002 * static_cast<double>(a) * (time_s - 60000.5 * 86400);
  return steady_gain(a, c, h) * std::polar(1.0, turns);
}

SmallObservation drifting(std::size_t times) {
  SimulateParams params = calibrator_params();
  params.times = times;
  SmallObservation all = small_observation(params);
  corrupt(drifting_gain, all.rows);
  return all;
}

SolutionFate fate(std::size_t reference) {
  SolutionFate made;
  made.reference = reference;
  return made;
}

}  // namespace

TEST_CASE("solint int solves every integration on its own") {
  const SmallObservation all = drifting(5);
  SolveParams params = solve_params();
  params.solint = "int";
  const Solutions solutions = solve(params, in_chunks(all.rows, 25), all.header);
  REQUIRE(solutions.intervals.size() == 5);
  for (std::size_t t = 0; t < 5; ++t) {
    const double time_s = all.rows.time_s[36 * t];
    CHECK(solutions.intervals[t].time_s == Approx(time_s).epsilon(1e-14));
    const auto turn = std::conj(drifting_gain(1, 2, 0, time_s)) / std::abs(steady_gain(1, 2, 0));
    for (std::size_t a = 0; a < 9; ++a) {
      const std::complex<double> gain = solutions.gain[solutions.index(t, 2, 0, a)];
      CHECK(std::abs(gain - drifting_gain(a, 2, 0, time_s) * turn) < 1e-6);
    }
  }
}

TEST_CASE("a solint in seconds cuts the time from the first integration on") {
  const SmallObservation all = drifting(5);
  SolveParams params = solve_params();
  params.solint = "20s";
  const Solutions solutions = solve(params, in_chunks(all.rows, 25), all.header);
  REQUIRE(solutions.intervals.size() == 3);
  const double start_s = all.rows.time_s[0] - 5;
  for (std::size_t t = 0; t < 3; ++t) {
    CHECK(solutions.intervals[t].begin_s ==
          Approx(start_s + 20 * static_cast<double>(t)).epsilon(1e-14));
    CHECK(solutions.intervals[t].end_s ==
          Approx(std::min(start_s + 20 * static_cast<double>(t + 1), start_s + 50)).epsilon(1e-14));
  }
}

TEST_CASE("windows come one after the other or by turns, with the same result") {
  const TwoWindows two;
  for (const char* solint : {"inf", "int", "20s"}) {
    SolveParams params = solve_params();
    params.solint = solint;
    const Solutions one_by_one = solve(params, two.chunks(false), two.header);
    const Solutions by_turns = solve(params, two.chunks(true), two.header);
    REQUIRE(one_by_one.frequencies.size() == 6);
    CHECK(one_by_one.frequencies[4].data_desc_id == 1);
    CHECK(one_by_one.frequencies[4].first_channel == 1);
    CHECK(one_by_one.frequencies[4].freq_hz == Approx(1.401e9).epsilon(1e-12));
    CHECK(one_by_one.gain == by_turns.gain);
    CHECK(one_by_one.flag == by_turns.flag);
    const auto turn = std::conj(steady_gain(1, 6, 1)) / std::abs(steady_gain(1, 6, 1));
    const std::complex<double> gain = one_by_one.gain[one_by_one.index(0, 4, 1, 7)];
    CHECK(std::abs(gain - steady_gain(7, 6, 1) * turn) < 1e-6);
  }
}

TEST_CASE("a window of which nothing was selected has no solutions, and no flagged ones") {
  const TwoWindows two;
  auto header = std::make_shared<ObservationHeader>(*two.header);
  header->rows_per_description[1] = 0;
  const Solutions solutions = solve(solve_params(), in_chunks(two.rows[0], 36), header);
  CHECK(solutions.frequencies.size() == 3);
}

TEST_CASE("rows that come back to a finished time are an error, for inf they are welcome") {
  const SmallObservation all = drifting(6);
  std::vector<Chunk<Visibilities>> mixed = in_chunks(all.rows, 18);
  std::swap(mixed[0], mixed[11]);
  SolveParams params = solve_params();
  params.solint = "int";
  CHECK_THROWS_WITH(solve(params, std::move(mixed), all.header), Contains("sort the data by time"));
  const SmallObservation steady = [] {
    SmallObservation made = small_observation(calibrator_params());
    corrupt(steady_gain, made.rows);
    return made;
  }();
  std::vector<Chunk<Visibilities>> swapped = in_chunks(steady.rows, 36);
  std::swap(swapped[0], swapped[3]);
  CHECK(solve(solve_params(), std::move(swapped), steady.header).intervals.size() == 1);
}

TEST_CASE("sums for solint inf do not grow with the observation") {
  const auto bytes = [](const char* solint, std::size_t times) {
    SimulateParams sky = calibrator_params();
    sky.times = times;
    const SmallObservation all = small_observation(sky);
    SolveParams params = solve_params();
    params.solint = solint;
    return SolutionSlots::bytes(params, solve_layout(*all.header, params));
  };
  CHECK(bytes("inf", 2) == bytes("inf", 20));
  CHECK(bytes("int", 2) == bytes("int", 20));
  CHECK(bytes("inf", 2) == BaselineSums::bytes(9, 6));
}

TEST_CASE("the record tells of every antenna, and of a dead reference antenna") {
  SmallObservation all = small_observation(calibrator_params(0.2));
  corrupt(steady_gain, all.rows);
  flag_antenna(1, all.rows);
  const Solutions solutions = solve(solve_params(), in_chunks(all.rows, 50), all.header);
  SolveCounts counts;
  counts.samples.assign(9, 100);
  counts.used.assign(9, 90);
  counts.used[1] = 0;
  counts.samples[8] = 0;  // not in the data: not a row of the table
  const PipelineContext ctx = testing::make_context().with_stage("solve");
  report_solutions(solutions, counts, solve_params(), fate(3), ctx);
  auto& tables = ctx.metrics().state().tables["solve"]["antennas"];
  REQUIRE(tables.size() == 8);
  const auto value = [&](std::size_t row, std::size_t column) {
    return property_text(tables[row].at(column).second);
  };
  CHECK(value(1, 1) == "A2");
  CHECK(value(1, 2) == "1");
  CHECK(value(1, 3) == "1");
  CHECK(std::stod(value(2, 2)) == Approx(0.1));
  CHECK(value(2, 3) == "0");
  CHECK(std::stod(value(2, 4)) > 5);
  CHECK(std::stod(value(2, 5)) == Approx(0.27).epsilon(0.2));
  CHECK(value(3, 6) == "true");
  const auto& doubts = ctx.state().services->notes.degradations;
  REQUIRE(doubts.size() == 1);
  CHECK_THAT(doubts[0], Contains("'A2' has no solutions") && Contains("'A4' took its place"));
}

TEST_CASE("more than a quarter of flagged solutions is a doubt") {
  SmallObservation all = small_observation(calibrator_params());
  corrupt(steady_gain, all.rows);
  for (const int antenna : {5, 6, 7}) flag_antenna(antenna, all.rows);
  const Solutions solutions = solve(solve_params(), in_chunks(all.rows, 50), all.header);
  SolveCounts counts;
  counts.samples.assign(9, 100);
  counts.used.assign(9, 100);
  const PipelineContext ctx = testing::make_context().with_stage("solve");
  report_solutions(solutions, counts, solve_params(), fate(1), ctx);
  const auto& doubts = ctx.state().services->notes.degradations;
  REQUIRE(doubts.size() == 1);
  CHECK_THAT(doubts[0], Contains("33.3 % of the solutions are flagged"));
}
