// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/calibrate/solve_report.h>
#include <stages/geometry/sky_frame.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

#include "calibrator.h"

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

std::size_t flags(const Solutions& solutions) {
  return static_cast<std::size_t>(
      std::count(solutions.flag.begin(), solutions.flag.end(), std::uint8_t{1}));
}

}  // namespace

TEST_CASE("solve finds every antenna's gain by channel and hand") {
  const SmallObservation all = corrupted(calibrator_params(), steady_gain);
  const Solutions solutions = solve(solve_params(), in_chunks(all.rows, 50), all.header);
  CHECK(solutions.pols == std::vector<int>{9, 12});
  REQUIRE(solutions.frequencies.size() == 3);
  CHECK(solutions.frequencies[1].freq_hz == Approx(1.401e9).epsilon(1e-12));
  CHECK(solutions.frequencies[1].width_hz == Approx(1e6).epsilon(1e-12));
  REQUIRE(solutions.intervals.size() == 1);
  CHECK(solutions.intervals[0].end_s - solutions.intervals[0].begin_s == Approx(40).epsilon(1e-7));
  CHECK(solutions.intervals[0].time_s ==
        Approx(solutions.intervals[0].begin_s + 20).epsilon(1e-14));
  CHECK(flags(solutions) == 0);
  CHECK(worst(solutions, steady_gain, 1) < 1e-6);
  CHECK(std::all_of(solutions.refant.begin(), solutions.refant.end(),
                    [](std::int32_t a) { return a == 1; }));
  CHECK(solutions.bytes() >= 9 * 6 * 17);
}

TEST_CASE("chunks and threads do not change a bit of the solutions") {
  SimulateParams params = calibrator_params(0.5);
  const SmallObservation all = corrupted(params, steady_gain);
  for (const char* solint : {"inf", "20s"}) {
    SolveParams how = solve_params();
    how.solint = solint;
    const Solutions whole = solve(how, in_chunks(all.rows, 1000), all.header);
    for (const auto& [rows, threads] : {std::pair{1, 1}, {17, 2}, {50, 3}}) {
      const Solutions cut =
          solve(how, in_chunks(all.rows, static_cast<std::size_t>(rows)), all.header, threads);
      CHECK(cut.gain == whole.gain);
      CHECK(cut.snr == whole.snr);
      CHECK(cut.flag == whole.flag);
      CHECK(cut.refant == whole.refant);
    }
  }
}

TEST_CASE("solve_per spw gives one gain for a window") {
  const GainOf flat = [](std::size_t a, std::size_t, std::size_t hand, double) {
    return steady_gain(a, 0, hand);
  };
  const SmallObservation all = corrupted(calibrator_params(), flat);
  SolveParams params = solve_params();
  params.solve_per = "spw";
  const Solutions solutions = solve(params, in_chunks(all.rows, 50), all.header);
  REQUIRE(solutions.frequencies.size() == 1);
  CHECK(solutions.frequencies[0].channels == 3);
  CHECK(solutions.frequencies[0].width_hz == Approx(3e6).epsilon(1e-12));
  CHECK(worst(solutions, flat, 1) < 1e-6);
}

TEST_CASE("the model follows the spectrum, and the source wherever it stands") {
  SimulateParams sky = calibrator_params();
  sky.sources = {"40arcmin -25arcmin 3Jy -0.8"};
  const SmallObservation all = corrupted(sky, steady_gain);
  SolveParams params = solve_params();
  params.spectral_index = -0.8;
  params.reference_frequency = 1.401e9;  // the simulation's middle channel
  const PointSource source = parse_sources(sky.sources).front();
  const Direction there = offset_direction(all.header->fields[0].phase_dir, source.l, source.m);
  params.direction = {there.ra_rad, there.dec_rad};
  CHECK(worst(solve(params, in_chunks(all.rows, 50), all.header), steady_gain, 1) < 1e-5);
  // Without the direction the gains are far off.
  params.direction.clear();
  CHECK(worst(solve(params, in_chunks(all.rows, 50), all.header), steady_gain, 1) > 0.1);
}

TEST_CASE("direction cosines: signs, and n - 1 to all its digits") {
  const Direction centre{1.0, 0.5, "J2000"};
  const DirectionCosines east = direction_cosines(1.0 + 1e-3, 0.5, centre);
  CHECK(east.l == Approx(1e-3 * std::cos(0.5)).epsilon(1e-5));
  const DirectionCosines north = direction_cosines(1.0, 0.5 + 1e-5, centre);
  CHECK(north.m == Approx(1e-5).epsilon(1e-6));
  CHECK(north.n_minus_1 == Approx(-0.5e-10).epsilon(1e-6));
  const DirectionCosines far = direction_cosines(1.4, 0.2, centre);
  CHECK(far.l * far.l + far.m * far.m + (1 + far.n_minus_1) * (1 + far.n_minus_1) ==
        Approx(1).epsilon(1e-14));
}

TEST_CASE("phase solutions have amplitude 1 and the true phases") {
  const SmallObservation all = corrupted(calibrator_params(), steady_gain);
  SolveParams params = solve_params();
  params.mode = "p";
  const GainOf phases = [](std::size_t a, std::size_t c, std::size_t h, double) {
    return steady_gain(a, c, h) / std::abs(steady_gain(a, c, h));
  };
  CHECK(worst(solve(params, in_chunks(all.rows, 50), all.header), phases, 1) < 1e-6);
}

TEST_CASE("rows the other way round, autocorrelations, flags and bad weights change nothing") {
  SmallObservation all = corrupted(calibrator_params(), steady_gain);
  Visibilities& rows = all.rows;
  const std::size_t cells = rows.nchan * rows.ncorr;
  for (std::size_t row = 0; row < rows.rows(); row += 3) {
    std::swap(rows.antenna1[row], rows.antenna2[row]);
    for (std::size_t k = 0; k < cells; ++k) {
      rows.data[row * cells + k] = std::conj(rows.data[row * cells + k]);
    }
    for (std::size_t axis = 0; axis < 3; ++axis) rows.uvw_m[3 * row + axis] *= -1;
  }
  rows.data[7] = 1e6;
  rows.flag[7] = 1;
  rows.data[20 * cells] = {std::nanf(""), 0};
  rows.data[31 * cells + 1] = 1e9;
  rows.weight[31 * rows.ncorr + 1] = 0;
  rows.data[40 * cells] = 1e9;
  rows.weight[40 * rows.ncorr] = -1;
  rows.antenna2[50] = rows.antenna1[50];
  rows.data[50 * cells] = 1e9;
  const Solutions solutions = solve(solve_params(), in_chunks(rows, 50), all.header);
  CHECK(worst(solutions, steady_gain, 1) < 1e-6);
}

TEST_CASE("weights count: by row, and by channel where the data have them") {
  SmallObservation all = corrupted(calibrator_params(0.3), steady_gain);
  // A second copy of the data with wrong gains, of hardly any weight.
  Visibilities& rows = all.rows;
  const std::size_t cells = rows.nchan * rows.ncorr;
  std::vector<Chunk<Visibilities>> chunks = in_chunks(rows, 1000);
  Visibilities& copy = *chunks.front();
  const Solutions plain = solve(solve_params(), in_chunks(rows, 1000), all.header);
  for (std::size_t row = 0; row < 36; ++row) {
    for (std::size_t k = 0; k < cells; ++k) copy.data[row * cells + k] = {40, -30};
    for (std::size_t k = 0; k < copy.ncorr; ++k) copy.weight[row * copy.ncorr + k] = 1e-20F;
  }
  std::vector<Chunk<Visibilities>> spectrum = in_chunks(copy, 1000);
  const Solutions by_row = solve(solve_params(), std::move(chunks), all.header);
  Visibilities& with = *spectrum.front();
  for (std::size_t k = 0; k < with.data.size(); ++k) {
    with.weight_spectrum.push_back(k / cells < 36 ? 1e-20F : 1.0F);
  }
  std::fill(with.weight.begin(), with.weight.end(), 1.0F);
  const Solutions by_channel = solve(solve_params(), std::move(spectrum), all.header);
  // The first integration counts for nothing: as if it were flagged.
  std::fill_n(rows.flag.begin(), 36 * cells, 1);
  const Solutions without = solve(solve_params(), in_chunks(rows, 1000), all.header);
  double by_row_off = 0, by_channel_off = 0, plain_off = 0;
  for (std::size_t k = 0; k < plain.gain.size(); ++k) {
    by_row_off = std::max<double>(by_row_off, std::abs(by_row.gain[k] - without.gain[k]));
    by_channel_off =
        std::max<double>(by_channel_off, std::abs(by_channel.gain[k] - without.gain[k]));
    plain_off = std::max<double>(plain_off, std::abs(plain.gain[k] - without.gain[k]));
  }
  CHECK(by_row_off < 1e-6);
  CHECK(by_channel_off < 1e-6);
  CHECK(plain_off > 1e-3);
}

TEST_CASE("uvmin leaves short baselines out") {
  SmallObservation all = corrupted(calibrator_params(), steady_gain);
  Visibilities& rows = all.rows;
  std::vector<double> lengths;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    lengths.push_back(std::hypot(rows.uvw_m[3 * row], rows.uvw_m[3 * row + 1]));
  }
  auto sorted = lengths;
  std::nth_element(sorted.begin(), sorted.begin() + 20, sorted.end());
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    if (lengths[row] >= sorted[20]) continue;
    std::fill_n(&rows.data[row * 6], 6, std::complex<float>(1e4F, 0));  // confusing structure
  }
  SolveParams params = solve_params();
  params.uvmin = sorted[20] * 1.403e9 / 299792458;
  CHECK(worst(solve(params, in_chunks(rows, 50), all.header), steady_gain, 1) < 1e-6);
  params.uvmin = 0;
  params.maxiter = 10000;
  CHECK(worst(solve(params, in_chunks(rows, 50), all.header), steady_gain, 1) > 0.1);
}

TEST_CASE("an antenna without data is flagged, the others keep their gains") {
  SmallObservation all = corrupted(calibrator_params(), steady_gain);
  flag_antenna(4, all.rows);
  const Solutions solutions = solve(solve_params(), in_chunks(all.rows, 50), all.header);
  CHECK(flags(solutions) == 6);
  for (std::size_t f = 0; f < 3; ++f) {
    for (std::size_t p = 0; p < 2; ++p) {
      const std::size_t at = solutions.index(0, f, p, 4);
      CHECK(solutions.flag[at] == 1);
      CHECK(solutions.gain[at] == std::complex<float>(1, 0));
      CHECK(solutions.snr[at] == 0);
      const auto turn = std::conj(steady_gain(1, f, p)) / std::abs(steady_gain(1, f, p));
      const std::complex<double> other = solutions.gain[solutions.index(0, f, p, 8)];
      CHECK(std::abs(other - steady_gain(8, f, p) * turn) < 1e-6);
    }
  }
}

TEST_CASE("with too few antennas there is an error that says so") {
  SmallObservation all = corrupted(calibrator_params(), steady_gain);
  for (const int antenna : {0, 1, 2, 3, 4, 5, 6}) flag_antenna(antenna, all.rows);
  CHECK_THROWS_WITH(solve(solve_params(), in_chunks(all.rows, 50), all.header),
                    Contains("no solutions") && Contains("2 of 9 antennas have usable samples") &&
                        Contains("6 of 6 cells"));
}

TEST_CASE("a faint source in noise is an error, not a table of noise") {
  const SmallObservation all = corrupted(calibrator_params(30), steady_gain);
  SolveParams params = solve_params();
  params.tolerance = 1e-3;
  params.maxiter = 10000;
  params.minsnr = 30;
  CHECK_THROWS_WITH(solve(params, in_chunks(all.rows, 50), all.header),
                    Contains("no solutions") && Contains("minsnr"));
}

TEST_CASE("fields with different phase centres need a direction") {
  SmallObservation all = corrupted(calibrator_params(), steady_gain);
  auto header = std::make_shared<ObservationHeader>(*all.header);
  header->fields.push_back(header->fields[0]);
  header->fields[1].name = "OTHER";
  header->fields[1].phase_dir.ra_rad += 1e-3;
  all.rows.header = header;
  all.rows.field_id[60] = 1;
  CHECK_THROWS_WITH(solve(solve_params(), in_chunks(all.rows, 50), header), Contains("'OTHER'"));
}

TEST_CASE("an unknown reference antenna is named before the work starts") {
  const SmallObservation all = small_observation(calibrator_params());
  SolveParams params = solve_params();
  params.refant = {"A2", "A77"};
  CHECK_THROWS_WITH(solve(params, in_chunks(all.rows, 50), all.header), Contains("'A77'"));
}

TEST_CASE("parameters that cannot be are refused in words") {
  const auto faults_of = [](std::vector<std::pair<std::string, std::string>> values) {
    Settings settings;
    for (const auto& [name, text] : values)
      settings.set({name, {}, SettingValue::scalar(text, {})});
    Diagnostics diagnostics;
    solve_schema().parse(settings, {}, diagnostics);
    return diagnostics.text();
  };
  CHECK_THAT(faults_of({}), Contains("flux"));
  CHECK_THAT(faults_of({{"flux", "3Jy"}, {"solint", "soon"}}), Contains("'soon'"));
  CHECK_THAT(faults_of({{"flux", "3Jy"}, {"solint", "0s"}}), Contains("more than 0"));
  CHECK_THAT(faults_of({{"flux", "3Jy"}, {"spectral_index", "-0.7"}}),
             Contains("reference_frequency"));
  CHECK(faults_of({{"flux", "3Jy"}, {"solint", "2min"}}).empty());
}
