// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <catch2/catch.hpp>

#include <cmath>

#include "small_observation.h"

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

constexpr double kPi = 3.14159265358979323846;

SimulateParams small(double noise) {
  SimulateParams params;
  params.antennas = 6;
  params.times = 3;
  params.nchan = 2;
  params.noise = noise;
  params.sources = {"100arcsec -50arcsec 2Jy", "-30arcsec 60arcsec 1Jy -1"};
  return params;
}

}  // namespace

TEST_CASE("noise-free visibilities are the measurement equation, row by row") {
  const SmallObservation all = small_observation(small(0));
  CHECK(all.rows.rows() == 3 * 15);
  CHECK(all.header->rows == 3 * 15);
  const auto sky = parse_sources(small(0).sources);
  for (std::size_t row = 0; row < all.rows.rows(); ++row) {
    for (std::size_t c = 0; c < 2; ++c) {
      const double freq = 1.4e9 + 1e6 * static_cast<double>(c);
      std::complex<double> expected = 0;
      for (const PointSource& source : sky) {
        const double* uvw = &all.rows.uvw_m[3 * row];
        const double n = std::sqrt(1 - source.l * source.l - source.m * source.m);
        const double phase =
            2 * kPi * freq / 299792458 * (uvw[0] * source.l + uvw[1] * source.m + uvw[2] * (n - 1));
        const double flux = source.flux_jy * std::pow(freq / 1.401e9, source.spectral_index);
        expected += flux * std::exp(std::complex<double>(0, phase));
      }
      for (std::size_t hand = 0; hand < 2; ++hand) {
        const std::complex<double> got = all.rows.data[(row * 2 + c) * 2 + hand];
        CHECK(std::abs(got - expected) < 1e-6);
      }
    }
  }
}

TEST_CASE("uvw: a north-south baseline at transit, an east-west one, and its length at all times") {
  const double latitude = 0.65, longitude = -2;
  const std::array<double, 3> north{-std::sin(latitude) * std::cos(longitude),
                                    -std::sin(latitude) * std::sin(longitude), std::cos(latitude)};
  const std::array<double, 3> east{-std::sin(longitude), std::cos(longitude), 0};
  // Looking at the zenith at transit, north is v and east is u.
  const auto v = antenna_uvw_m(north, longitude, 0, latitude);
  CHECK(v[0] == Approx(0).epsilon(0).margin(1e-12));
  CHECK(v[1] == Approx(1));
  CHECK(v[2] == Approx(0).epsilon(0).margin(1e-12));
  const auto u = antenna_uvw_m(east, longitude, 0, latitude);
  CHECK(u[0] == Approx(1));
  CHECK(u[1] == Approx(0).epsilon(0).margin(1e-12));
  // A source in the west (hour angle > 0) is farther from the eastern antenna: w of east < 0.
  CHECK(antenna_uvw_m(east, longitude, 0.5, 0.3)[2] < 0);
  for (const double hour_angle : {-1.0, 0.2, 1.3}) {
    const auto uvw = antenna_uvw_m({300, -200, 100}, longitude, hour_angle, 0.4);
    CHECK(std::hypot(uvw[0], uvw[1], uvw[2]) == Approx(std::hypot(300, 200, 100)));
  }
}

TEST_CASE("noise has its strength, differs from place to place and comes back with the seed") {
  SimulateParams params = small(0.5);
  params.antennas = 20;
  params.times = 20;
  const SmallObservation noisy = small_observation(params);
  const SmallObservation again = small_observation(params);
  CHECK(noisy.rows.data == again.rows.data);
  params.noise = 0;
  const SmallObservation clean = small_observation(params);
  double real = 0, imaginary = 0, cross = 0;
  for (std::size_t k = 0; k < noisy.rows.data.size(); ++k) {
    const std::complex<double> noise = noisy.rows.data[k] - clean.rows.data[k];
    real += noise.real() * noise.real();
    imaginary += noise.imag() * noise.imag();
    cross += noise.real() * noise.imag();
  }
  const auto count = static_cast<double>(noisy.rows.data.size());
  CHECK(std::sqrt(real / count) == Approx(0.5).epsilon(0.02));
  CHECK(std::sqrt(imaginary / count) == Approx(0.5).epsilon(0.02));
  CHECK(std::abs(cross / count) < 0.01);
  CHECK(noisy.rows.weight[0] == Approx(4));
  params = small(0.5);
  params.seed = 2;
  CHECK(small_observation(params).rows.data != small_observation(small(0.5)).rows.data);
}

TEST_CASE("a source that cannot be read is named") {
  CHECK_THROWS_WITH(parse_sources({"10arcsec 5Jy"}), Contains("'10arcsec 5Jy'"));
  CHECK_THROWS_WITH(parse_sources({"10arcsec 5arcsec 3Hz"}), Contains("l m flux"));
  CHECK_THROWS_WITH(parse_sources({"80deg 80deg 1Jy"}), Contains("horizon"));
}
