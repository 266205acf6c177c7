// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

#include "calibrator.h"

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

SmallObservation corrupted(double noise = 0) {
  SmallObservation all = small_observation(calibrator_params(noise));
  corrupt(steady_gain, all.rows);
  return all;
}

Chunk<Visibilities> whole(const Visibilities& rows) { return cut_rows(rows, 0, rows.rows()); }

double worst_off(const Visibilities& rows, std::complex<double> expected) {
  double most = 0;
  for (std::size_t k = 0; k < rows.data.size(); ++k) {
    if (rows.flag[k]) continue;
    most = std::max(most, std::abs(std::complex<double>(rows.data[k]) - expected));
  }
  return most;
}

}  // namespace

TEST_CASE("corrected perfect data are the model") {
  const SmallObservation all = corrupted();
  const Solutions solutions = solve(solve_params(), in_chunks(all.rows, 50), all.header);
  const Visibilities done = apply({}, solutions, whole(all.rows));
  CHECK(worst_off(done, 3.0) < 3e-5);
  CHECK(std::count(done.flag.begin(), done.flag.end(), 1) == 0);
  CHECK(worst_off(all.rows, 3.0) > 1);
}

TEST_CASE("solving corrected data again gives gains of 1") {
  const SmallObservation all = corrupted();
  const Solutions solutions = solve(solve_params(), in_chunks(all.rows, 50), all.header);
  const Visibilities done = apply({}, solutions, whole(all.rows));
  const Solutions again = solve(solve_params(), in_chunks(done, 50), all.header);
  for (const auto& gain : again.gain) CHECK(std::abs(gain - 1.0F) < 1e-5);
}

TEST_CASE("weights grow by the squares of both amplitudes, or stay") {
  const SmallObservation all = corrupted();
  const Solutions solutions = solve(solve_params(), in_chunks(all.rows, 50), all.header);
  const Visibilities done = apply({}, solutions, whole(all.rows));
  const std::size_t row = 11;
  const auto a1 = static_cast<std::size_t>(all.rows.antenna1[row]);
  const auto a2 = static_cast<std::size_t>(all.rows.antenna2[row]);
  double mean = 0;
  for (std::size_t c = 0; c < 3; ++c) {
    mean += std::norm(steady_gain(a1, c, 1)) * std::norm(steady_gain(a2, c, 1)) / 3;
  }
  CHECK(done.weight[row * 2 + 1] == Approx(all.rows.weight[row * 2 + 1] * mean).epsilon(1e-5));
  ApplyParams still;
  still.calwt = {false};
  CHECK(apply(still, solutions, whole(all.rows)).weight == all.rows.weight);

  Chunk<Visibilities> spectrum = whole(all.rows);
  spectrum->weight_spectrum.assign(spectrum->data.size(), 2);
  const Visibilities by_channel = apply({}, solutions, std::move(spectrum));
  CHECK(by_channel.weight_spectrum[(row * 3 + 2) * 2] ==
        Approx(2 * std::norm(steady_gain(a1, 2, 0)) * std::norm(steady_gain(a2, 2, 0)))
            .epsilon(1e-5));
}

TEST_CASE("the noise of corrected data is what their weights say") {
  SimulateParams sky = calibrator_params(0.5);
  sky.times = 40;
  SmallObservation all = small_observation(sky);
  // Receiver noise does not pass through the gains: data are corrupted, noise is added after.
  sky.noise = 0;
  const SmallObservation clean = small_observation(sky);
  Visibilities rows = std::move(*whole(clean.rows));
  corrupt(steady_gain, rows);
  for (std::size_t k = 0; k < rows.data.size(); ++k) {
    rows.data[k] += all.rows.data[k] - clean.rows.data[k];
  }
  rows.weight = all.rows.weight;
  SolveParams params = solve_params();
  Visibilities exact = std::move(*whole(clean.rows));
  corrupt(steady_gain, exact);
  const Solutions solutions = solve(params, in_chunks(exact, 50), all.header);
  Chunk<Visibilities> chunk = whole(rows);
  chunk->weight_spectrum.assign(rows.data.size(), 4);
  const Visibilities done = apply({}, solutions, std::move(chunk));
  double normalised = 0;
  for (std::size_t k = 0; k < done.data.size(); ++k) {
    normalised += done.weight_spectrum[k] * std::norm(done.data[k] - 3.0F);
  }
  CHECK(normalised / (2 * static_cast<double>(done.data.size())) == Approx(1).epsilon(0.05));
}

TEST_CASE("what has no solution is flagged and keeps its value") {
  SmallObservation all = corrupted();
  const SmallObservation seen = all;
  flag_antenna(4, all.rows);
  const Solutions solutions = solve(solve_params(), in_chunks(all.rows, 50), all.header);
  const Visibilities done = apply({}, solutions, whole(seen.rows));
  for (std::size_t row = 0; row < done.rows(); ++row) {
    const bool dead = done.antenna1[row] == 4 || done.antenna2[row] == 4;
    for (std::size_t k = row * 6; k < row * 6 + 6; ++k) {
      CHECK(done.flag[k] == (dead ? 1 : 0));
      if (dead) CHECK(done.data[k] == seen.rows.data[k]);
    }
  }
  CHECK(worst_off(done, 3.0) < 3e-5);
}

TEST_CASE("antennas are matched by name, strangers are flagged") {
  const SmallObservation all = corrupted();
  const Solutions solutions = solve(solve_params(), in_chunks(all.rows, 50), all.header);
  // The target lists its antennas in reverse and calls one by a name that nobody solved.
  auto header = std::make_shared<ObservationHeader>(*all.header);
  std::reverse(header->antennas.begin(), header->antennas.end());
  header->antennas[8 - 3].name = "NEW";
  Chunk<Visibilities> chunk = whole(all.rows);
  chunk->header = header;
  for (auto* column : {&chunk->antenna1, &chunk->antenna2}) {
    for (std::int32_t& antenna : *column) antenna = 8 - antenna;
  }
  const Visibilities done = apply({}, solutions, std::move(chunk));
  CHECK(worst_off(done, 3.0) < 3e-5);
  CHECK(std::count(done.flag.begin(), done.flag.end(), 1) == 4 * 8 * 6);

  for (Antenna& antenna : header->antennas) antenna.name += "x";
  Chunk<Visibilities> foreign = whole(all.rows);
  foreign->header = header;
  CHECK_THROWS_WITH(apply({}, solutions, std::move(foreign)), Contains("no antenna in common"));
}

TEST_CASE("the solution nearest in time is taken") {
  SmallObservation all = small_observation(calibrator_params());
  const double middle_s = (all.rows.time_s.front() + all.rows.time_s.back()) / 2;
  const GainOf jumping = [&](std::size_t a, std::size_t c, std::size_t h, double time_s) {
    return steady_gain(a, c, h) * (time_s < middle_s ? 1.0 : std::polar(1.3, 0.4 * double(a)));
  };
  corrupt(jumping, all.rows);
  SolveParams params = solve_params();
  params.solint = "20s";
  const Solutions solutions = solve(params, in_chunks(all.rows, 50), all.header);
  REQUIRE(solutions.intervals.size() == 2);
  ApplyParams nearest;
  nearest.interp = {"nearest"};
  CHECK(worst_off(apply(nearest, solutions, whole(all.rows)), 3.0) < 3e-5);
  // Times outside take the nearest end: the last integration again, an hour later.
  Chunk<Visibilities> later = cut_rows(all.rows, 108, 36);
  for (double& time_s : later->time_s) time_s += 3600;
  CHECK(worst_off(apply({}, solutions, std::move(later)), 3.0) < 3e-5);
}

TEST_CASE("cross hands take one gain of each hand") {
  SmallObservation all = corrupted();
  const Solutions solutions = solve(solve_params(), in_chunks(all.rows, 50), all.header);
  auto header = std::make_shared<ObservationHeader>(*all.header);
  header->data_descriptions[0].corr_types = {9, 10, 11, 12};
  Visibilities four;
  four.header = header;
  four.nchan = 1;
  four.ncorr = 4;
  four.time_s = {all.rows.time_s[0]};
  four.interval_s = four.exposure_s = {10};
  four.antenna1 = {2};
  four.antenna2 = {5};
  four.field_id = four.scan_number = {0};
  four.uvw_m = {1, 2, 3};
  four.flag = {0, 0, 0, 0};
  four.weight = {1, 1, 1, 1};
  for (const std::size_t h1 : {0, 1}) {
    for (const std::size_t h2 : {0, 1}) {
      // Solutions have phase 0 at antenna 1 in each hand.
      const auto turn = [](std::size_t h) {
        return std::conj(steady_gain(1, 0, h)) / std::abs(steady_gain(1, 0, h));
      };
      four.data.push_back(std::complex<float>(steady_gain(2, 0, h1) * turn(h1) *
                                              std::conj(steady_gain(5, 0, h2) * turn(h2)) * 7.0));
    }
  }
  const Visibilities done = apply({}, solutions, Chunk<Visibilities>(std::move(four)));
  CHECK(worst_off(done, 7.0) < 1e-4);
  CHECK(std::count(done.flag.begin(), done.flag.end(), 1) == 0);
}

TEST_CASE("solutions of other frequencies, or for Stokes parameters, are refused") {
  const SmallObservation all = corrupted();
  const Solutions solutions = solve(solve_params(), in_chunks(all.rows, 50), all.header);
  auto header = std::make_shared<ObservationHeader>(*all.header);
  for (double& freq_hz : header->spectral_windows[0].chan_freq_hz) freq_hz += 50e6;
  Chunk<Visibilities> chunk = whole(all.rows);
  chunk->header = header;
  CHECK_THROWS_WITH(apply({}, solutions, std::move(chunk)),
                    Contains("1.45 GHz") && Contains("1.4 GHz"));
  header = std::make_shared<ObservationHeader>(*all.header);
  header->data_descriptions[0].corr_types = {1, 2};
  Chunk<Visibilities> stokes = whole(all.rows);
  stokes->header = header;
  CHECK_THROWS_WITH(apply({}, solutions, std::move(stokes)), Contains("Stokes"));
}

TEST_CASE("chunks of any size are corrected alike") {
  const SmallObservation all = corrupted(0.3);
  SolveParams params = solve_params();
  params.solint = "20s";
  const Solutions solutions = solve(params, in_chunks(all.rows, 50), all.header);
  const Visibilities once = apply({}, solutions, whole(all.rows));
  std::vector<std::complex<float>> pieces;
  for (auto& chunk : in_chunks(all.rows, 7)) {
    const Visibilities done = apply({}, solutions, std::move(chunk));
    pieces.insert(pieces.end(), done.data.begin(), done.data.end());
  }
  CHECK(pieces == once.data);
}

TEST_CASE("data behind apply are said to be calibrated") {
  // Planning passes properties on; whoever needs calibrated data is served by apply.
  class NeedsCalibrated final : public Sink<Visibilities> {
   public:
    void plan(Planning& planning) override {
      planning.require({"calibrated", {true}, {}, "", ""});
    }
    void write(const Chunk<Visibilities>&, const PipelineContext&) override {}
    void finish(const PipelineContext&) override {}
  };
  const SmallObservation all = corrupted();
  const auto run = [&](bool with_apply) {
    std::vector<testing::GivenStage> stages;
    stages.push_back({"given", Shape::source, Ports().out("out", Visibilities::kDataKind),
                      std::make_unique<testing::GivenSource<Visibilities>>(
                          std::vector<Chunk<Visibilities>>{}, visibility_spec(all.header))});
    if (with_apply) {
      PortNeed need = Apply::ports().input()->need;
      stages.push_back({"apply", Shape::transform,
                        Ports().in(need).out("out", Visibilities::kDataKind),
                        std::make_unique<Apply>(ApplyParams{})});
    }
    PortNeed need;
    need.kind = Visibilities::kDataKind;
    stages.push_back({"sink", Shape::sink, Ports().in(need), std::make_unique<NeedsCalibrated>()});
    testing::run_stages(std::move(stages));
  };
  CHECK_NOTHROW(run(true));
  CHECK_THROWS_WITH(run(false), Contains("calibrated not stated"));
}
