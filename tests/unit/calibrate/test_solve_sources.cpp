// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <catch2/catch.hpp>

#include <cmath>

#include "calibrator.h"

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kSpeedOfLight = 299792458;  // m/s

const std::vector<std::string>& four_sources() {
  static const std::vector<std::string> lines{
      "0arcsec 0arcsec 10Jy", "900arcsec 300arcsec 1Jy -0.7", "-600arcsec 1100arcsec 0.8Jy 0.4",
      "-1300arcsec -500arcsec 0.6Jy"};
  return lines;
}

/// Four sources, none where the others are; the middle channel is the middle of the band.
SimulateParams field_params(std::size_t nchan) {
  SimulateParams params = calibrator_params();
  params.nchan = nchan;
  params.width = 2.5e5;
  params.sources = four_sources();
  return params;
}

SolveParams source_params(std::vector<std::string> sources) {
  SolveParams params = solve_params();
  params.flux.reset();
  params.sources = std::move(sources);
  return params;
}

double turns_of(const PointSource& source, const double* uvw_m, double freq_hz) {
  return (uvw_m[0] * source.l + uvw_m[1] * source.m + uvw_m[2] * (source.n() - 1)) * freq_hz /
         kSpeedOfLight;
}

/// Mean real part of `rows` less 10 Jy in the phase centre, turned to a source: its flux, but for
/// sidelobes.
double flux_beside_ten_jy(const Visibilities& rows, const PointSource& source) {
  double sum = 0;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    for (std::size_t c = 0; c < rows.nchan; ++c) {
      const double freq_hz = rows.header->spectral_windows[0].chan_freq_hz[c];
      const double turns = turns_of(source, &rows.uvw_m[3 * row], freq_hz);
      const std::complex<double> value = rows.data[(row * rows.nchan + c) * rows.ncorr];
      sum += ((value - 10.0) * std::polar(1.0, -2 * kPi * turns)).real();
    }
  }
  return sum / static_cast<double>(rows.rows() * rows.nchan);
}

/// The parameters' faults, `sources` being a list.
std::string faults_of(const std::vector<std::pair<std::string, std::string>>& values) {
  Settings settings;
  for (const auto& [name, text] : values) {
    settings.set({name, {}, SettingValue::command_line(text, {})});
  }
  Diagnostics diagnostics;
  solve_schema().parse(settings, {}, diagnostics);
  return diagnostics.text();
}

}  // namespace

TEST_CASE("with all sources of a field in the model the gains come out as they are") {
  // More channels than phasors follow one from the other without a fresh start.
  const SmallObservation all = corrupted(field_params(71), steady_gain);
  const Solutions solutions =
      solve(source_params(four_sources()), in_chunks(all.rows, 50), all.header);
  REQUIRE(solutions.frequencies.size() == 71);
  CHECK(worst(solutions, steady_gain, 1) < 1e-5);
  // With the brightest alone they are biased.
  const Solutions biased =
      solve(source_params({four_sources()[0]}), in_chunks(all.rows, 50), all.header);
  CHECK(worst(biased, steady_gain, 1) > 0.01);
}

TEST_CASE("a model of one source in the phase centre is the same as its flux") {
  SimulateParams sky = calibrator_params(0.1);
  const SmallObservation all = corrupted(sky, steady_gain);
  const Solutions by_flux = solve(solve_params(), in_chunks(all.rows, 50), all.header);
  SolveParams params = source_params(sky.sources);
  CHECK(solve(params, in_chunks(all.rows, 50), all.header).gain == by_flux.gain);
  params.flux = 77;  // sources come first
  CHECK(solve(params, in_chunks(all.rows, 50), all.header).gain == by_flux.gain);
}

TEST_CASE("gains absorb about 2/N of a source that the model leaves out") {
  SimulateParams sky = calibrator_params();
  sky.antennas = 16;
  sky.times = 30;
  sky.interval = 120;
  sky.sources = {"0arcsec 0arcsec 10Jy", "1200arcsec 700arcsec 0.5Jy"};
  const SmallObservation all = small_observation(sky);
  const PointSource faint = parse_sources(sky.sources)[1];
  const auto flux_after = [&](std::vector<std::string> model) {
    SolveParams params = source_params(std::move(model));
    params.solint = "int";
    const Solutions solutions = solve(params, in_chunks(all.rows, 120), all.header);
    const auto corrected = apply({}, solutions, cut_rows(all.rows, 0, all.rows.rows()));
    return flux_beside_ten_jy(corrected, faint);
  };
  CHECK(flux_after(sky.sources) == Approx(0.5).epsilon(1e-5));
  // 2/N when antennas are strewn at random, a little else on a spiral of few.
  CHECK(1 - flux_after({sky.sources[0]}) / 0.5 == Approx(2.0 / 16).epsilon(0).margin(0.04));
}

TEST_CASE("fluxes of sources hold at the reference frequency") {
  SimulateParams sky = calibrator_params();
  sky.sources = {"0arcsec 0arcsec 3Jy -0.7"};
  const SmallObservation all = corrupted(sky, steady_gain);
  SolveParams params = source_params(sky.sources);
  CHECK(worst(solve(params, in_chunks(all.rows, 50), all.header), steady_gain, 1) < 1e-6);
  // The same source, described elsewhere in frequency.
  params.sources = {"0arcsec 0arcsec " + std::to_string(3 * std::pow(2, -0.7)) + "Jy -0.7"};
  params.reference_frequency = 2 * 1.401e9;
  CHECK(worst(solve(params, in_chunks(all.rows, 50), all.header), steady_gain, 1) < 1e-6);
}

TEST_CASE("the model is the direct sum, for channels at even and at uneven steps") {
  const SmallObservation all = small_observation(field_params(101));
  const SolveParams params = source_params(four_sources());
  const auto sources = parse_sources(four_sources());
  for (const double uneven_hz : {0.0, 0.01, 4e4}) {
    auto header = std::make_shared<ObservationHeader>(*all.header);
    auto& freq_hz = header->spectral_windows[0].chan_freq_hz;
    const double reference_hz = (freq_hz.front() + freq_hz.back()) / 2;
    for (std::size_t c = 1; c + 1 < freq_hz.size(); c += 3) freq_hz[c] += uneven_hz;
    const ModelParams how = model_of(params);
    Lanes lanes;
    ModelVisibilities model(model_sky(how, *header, lanes), how, header);
    double off = 0;
    for (const std::size_t row : {0, 17, 71, 143}) {
      // Far beyond the small array, where a small error of frequency would turn the phase.
      Visibilities rows = all.rows;
      for (std::size_t axis = 0; axis < 3; ++axis) rows.uvw_m[3 * row + axis] *= 100;
      const auto& values = model.row(rows, row);
      REQUIRE(values.size() == freq_hz.size());
      for (std::size_t c = 0; c < freq_hz.size(); ++c) {
        std::complex<double> sum;
        for (const PointSource& source : sources) {
          sum += std::polar(source.flux_jy_at(freq_hz[c], reference_hz),
                            2 * kPi * turns_of(source, &rows.uvw_m[3 * row], freq_hz[c]));
        }
        off = std::max(off, std::abs(values[c] - sum));
      }
    }
    CHECK(off < 1e-9);
  }
}

TEST_CASE("sources need data with one phase centre") {
  SmallObservation all = corrupted(calibrator_params(), steady_gain);
  auto header = std::make_shared<ObservationHeader>(*all.header);
  header->fields.push_back(header->fields[0]);
  header->fields[1].name = "OTHER";
  header->fields[1].phase_dir.ra_rad += 1e-3;
  all.rows.header = header;
  all.rows.field_id[60] = 1;
  const SolveParams params = source_params(four_sources());
  CHECK_THROWS_WITH(solve(params, in_chunks(all.rows, 50), header),
                    Contains("'OTHER'") && Contains("l and m"));
  auto drifting = std::make_shared<ObservationHeader>(*all.header);
  drifting->phasing = Phasing::meridian;
  CHECK_THROWS_WITH(solve(params, in_chunks(all.rows, 50), drifting), Contains("rephase"));
}

TEST_CASE("a model that contradicts itself is refused in words") {
  const std::string two = "[0arcsec 0arcsec 10Jy, 900arcsec 300arcsec 1Jy -0.7]";
  CHECK(faults_of({{"sources", two}}).empty());
  CHECK(faults_of({{"sources", two}, {"flux", "3Jy"}}).empty());
  CHECK(faults_of({{"sources", two}, {"reference_frequency", "1.4GHz"}}).empty());
  CHECK_THAT(faults_of({}), Contains("flux") && Contains("sources"));
  CHECK_THAT(faults_of({{"sources", "[]"}}), Contains("flux"));
  CHECK_THAT(faults_of({{"sources", two}, {"direction", "[1rad, 0.5rad]"}}),
             Contains("direction and sources"));
  CHECK_THAT(faults_of({{"sources", two}, {"spectral_index", "-0.7"}}),
             Contains("spectral_index and sources"));
  CHECK_THAT(faults_of({{"sources", "[0arcsec 0arcsec 10Jy, 9arcsec 3arcsec 1Hz]"}}),
             Contains("'9arcsec 3arcsec 1Hz'") && Contains("l m flux [index]"));
}
