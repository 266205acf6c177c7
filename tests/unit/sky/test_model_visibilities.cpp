// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <stages/geometry/sky_frame.h>
#include <stages/kernels/primary_beam.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <random>

#include "model_rows.h"

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

constexpr double kArcsec = std::numbers::pi / 180 / 3600;

/// Largest distance of a model from what `expected(row, channel)` gives.
template <class F>
double worst(ModelVisibilities& model, const Visibilities& rows, F expected) {
  double off = 0;
  for (std::size_t row = 0; row < rows.time_s.size(); ++row) {
    const auto& values = model.row(rows, row);
    REQUIRE(values.size() == rows.nchan);
    for (std::size_t c = 0; c < rows.nchan; ++c) {
      off = std::max(off, std::abs(values[c] - expected(row, c)));
    }
  }
  return off;
}

std::string components_file(const Scratch& folder, const std::string& text) {
  const std::string path = folder.path() + "/list.csv";
  std::ofstream(path) << text;
  return path;
}

}  // namespace

TEST_CASE("many sources are the direct sum over them, at even and uneven channels") {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> place(-0.03, 0.03), flux(0.1, 3), index(-1.5, 1);
  std::vector<PlainSource> sources;
  ModelParams params;
  params.reference_frequency = 1.4e9;
  for (int k = 0; k < 40; ++k) {
    PlainSource s{place(random), place(random), flux(random), index(random)};
    params.sources.push_back(std::to_string(s.l) + "rad " + std::to_string(s.m) + "rad " +
                             std::to_string(s.flux_jy) + "Jy " + std::to_string(s.index));
    s = {std::sin(std::stod(std::to_string(s.l))), std::sin(std::stod(std::to_string(s.m))),
         std::stod(std::to_string(s.flux_jy)), std::stod(std::to_string(s.index))};
    sources.push_back(s);
  }
  for (const double uneven_hz : {0.0, 7e4}) {
    for (const std::size_t nchan : {1, 7, 64, 131}) {
      const auto header = model_header(nchan);
      auto& freq_hz = header->spectral_windows[0].chan_freq_hz;
      for (std::size_t c = 1; c + 1 < nchan; c += 3) freq_hz[c] += uneven_hz;
      const Visibilities rows = model_rows(header);
      ModelVisibilities model = model_of_params(params, header);
      CHECK(worst(model, rows, [&](std::size_t row, std::size_t c) {
              return direct_sum(sources, &rows.uvw_m[3 * row], freq_hz[c], 1.4e9);
            }) < 1e-9);
    }
  }
}

TEST_CASE("a calibrator by name stands in its place with the flux of the scale") {
  const auto header = model_header();
  const Calibrator calibrator = CalibratorList::shipped().at("J1331+3030");
  header->fields[0].phase_dir = offset_direction(calibrator.direction, -0.01, 0.004);
  const Visibilities rows = model_rows(header);
  ModelParams params;
  params.calibrator = "3C286";
  ModelVisibilities model = model_of_params(params, header);
  const Direction& centre = header->fields[0].phase_dir;
  const DirectionCosines at =
      direction_cosines(calibrator.direction.ra_rad, calibrator.direction.dec_rad, centre);
  CHECK(at.l == Approx(0.01).epsilon(0.01));
  const auto& freq_hz = header->spectral_windows[0].chan_freq_hz;
  const auto expected = [&](std::size_t row, std::size_t c) {
    return direct_sum({{at.l, at.m, scale_source("3C286")->flux_jy_at(freq_hz[c]), 0}},
                      &rows.uvw_m[3 * row], freq_hz[c], 1);
  };
  CHECK(worst(model, rows, expected) < 1e-8);
  SECTION("a flux of one's own takes the place of the scale's") {
    params.flux = 2;
    ModelVisibilities own = model_of_params(params, header);
    CHECK(worst(own, rows, [&](std::size_t row, std::size_t c) {
            return direct_sum({{at.l, at.m, 2, 0}}, &rows.uvw_m[3 * row], freq_hz[c], 1);
          }) < 1e-8);
  }
  SECTION("in a field elsewhere it is refused") {
    header->fields[0].phase_dir.ra_rad += 1;
    ModelVisibilities far = model_of_params(params, header);
    CHECK_THROWS_WITH(far.row(rows, 0), Contains("3C286") && Contains("field 'centre'"));
  }
  SECTION("where its flux is not known it is refused") {
    header->spectral_windows[0].chan_freq_hz.back() = 60e9;
    CHECK_THROWS_WITH(model_of_params(params, header), Contains("60 GHz"));
  }
}

TEST_CASE("a Gaussian's visibilities are those of the closed form") {
  const Scratch folder(".", "sky");
  const auto header = model_header();
  const Visibilities rows = model_rows(header);
  ModelParams params;
  params.components = components_file(
      folder, "l,m,flux,major,minor,pa\n200arcsec,-100arcsec,2Jy,12arcsec,5arcsec,25deg\n");
  ModelVisibilities model = model_of_params(params, header);
  const auto& freq_hz = header->spectral_windows[0].chan_freq_hz;
  // The transform of exp(-x²/(2 sx²) - y²/(2 sy²)) is exp(-2π²(sx² p² + sy² q²)), the axes turned
  // from north to east.
  const double to_sigma = 1 / std::sqrt(8 * std::log(2.0)), pa = 25 * std::numbers::pi / 180;
  const double sx = 12 * kArcsec * to_sigma, sy = 5 * kArcsec * to_sigma;
  double smallest = 1;
  CHECK(worst(model, rows, [&](std::size_t row, std::size_t c) {
          const double u = rows.uvw_m[3 * row] * freq_hz[c] / 299792458.0;
          const double v = rows.uvw_m[3 * row + 1] * freq_hz[c] / 299792458.0;
          const double p = v * std::cos(pa) + u * std::sin(pa);
          const double q = u * std::cos(pa) - v * std::sin(pa);
          const double loss = std::exp(-2 * std::numbers::pi * std::numbers::pi *
                                       (sx * sx * p * p + sy * sy * q * q));
          smallest = std::min(smallest, loss);
          return loss * direct_sum({{std::sin(200 * kArcsec), std::sin(-100 * kArcsec), 2, 0}},
                                   &rows.uvw_m[3 * row], freq_hz[c], 1);
        }) < 1e-9);
  CHECK(smallest < 0.8);  // it is resolved
}

TEST_CASE("with the primary beam each source counts by the power towards it") {
  const auto header = model_header();
  const Visibilities rows = model_rows(header);
  ModelParams params;
  params.sources = {"0arcsec 0arcsec 1Jy", "0.02rad 0.01rad 2Jy"};
  params.primary_beam = "dish";
  const kernels::AiryBeam dish({4.65, 0, 0});
  const auto& freq_hz = header->spectral_windows[0].chan_freq_hz;
  const auto power = [&](double angle_rad, std::size_t c) {
    return dish.power(angle_rad / kArcsec / 60 * freq_hz[c] / 1e9);
  };
  const double l = std::sin(0.02), m = std::sin(0.01);
  SECTION("of dishes that point to the phase centre of each row's field") {
    CHECK_THROWS_WITH(model_of_params(params, header),
                      Catch::Contains("at which declination they stand"));
    header->fields.push_back(header->fields.front());
    ModelVisibilities model = model_of_params(params, header);
    const double angle = std::asin(std::hypot(l, m));
    CHECK(power(angle, 0) < 0.65);
    CHECK(worst(model, rows, [&](std::size_t row, std::size_t c) {
            return direct_sum({{0, 0, 1, 0}, {l, m, 2 * power(angle, c), 0}}, &rows.uvw_m[3 * row],
                              freq_hz[c], 1);
          }) < 1e-8);
  }
  SECTION("of dishes on the meridian, as the sky drifts by") {
    // The phase centre transits in the first moment, five minutes before the second.
    const double first_s = 60950.27 * 86400;
    const SkyFrame frame(first_s, header->position, Orientation{}, StalePolicy::nearest);
    header->fields[0].phase_dir = frame.icrs_of(0, 0.65);
    params.pointing_dec = 0.65;
    Visibilities drift = model_rows(header);
    for (std::size_t row = 6; row < 12; ++row) drift.time_s[row] += 300;
    ModelVisibilities model = model_of_params(params, header);
    const double turned = 300 * 1.00273790935 * 2 * std::numbers::pi / 86400;
    const double drifted = 2 * std::asin(std::cos(0.65) * std::sin(turned / 2));
    const auto centre_alone = [&](std::size_t row) {
      ModelParams one = params;
      one.sources = {"0arcsec 0arcsec 1Jy"};
      return model_of_params(one, header).row(drift, row).front().real();
    };
    CHECK(centre_alone(0) == Approx(1).margin(1e-4));
    CHECK(centre_alone(7) == Approx(power(drifted, 0)).epsilon(2e-3));
    CHECK(centre_alone(7) < 0.97);
    // To the east: nearer to the axis than to the west, later on.
    const auto beside = [&](const char* l_text) {
      ModelParams one = params;
      one.sources = {std::string(l_text) + " 0arcsec 1Jy"};
      return std::abs(model_of_params(one, header).row(drift, 7).front());
    };
    CHECK(beside("0.01rad") > 1.1 * beside("-0.01rad"));
  }
}

TEST_CASE("a beam that nobody knows is refused") {
  const auto header = model_header();
  header->telescope = "NEW";
  ModelParams params;
  params.flux = 1;
  params.primary_beam = "dish";
  CHECK_THROWS_WITH(model_of_params(params, header), Contains("'NEW'") && Contains("diameter"));
}

TEST_CASE("a row's model does not depend on the rows before it") {
  const auto header = model_header();
  const Visibilities rows = model_rows(header);
  ModelParams params;
  params.sources = {"0.001rad 0.002rad 1Jy -0.7", "0.02rad 0.01rad 2Jy"};
  params.primary_beam = "dish";
  params.pointing_dec = 0.65;
  ModelVisibilities onward = model_of_params(params, header);
  ModelVisibilities back = model_of_params(params, header);
  std::vector<std::vector<std::complex<double>>> seen;
  for (std::size_t row = 0; row < 12; ++row) seen.push_back(onward.row(rows, row));
  for (std::size_t row = 12; row-- > 0;) CHECK(back.row(rows, row) == seen[row]);
}
