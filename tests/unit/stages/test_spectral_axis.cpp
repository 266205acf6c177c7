// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/image/spectral_axis.h>
#include <catch2/catch.hpp>

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

constexpr double kLightSpeed = 299792458.0;
constexpr double kRest = 1.42040575177e9;

/// 100 channels of 10 kHz from 1.4199 GHz on.
std::vector<DataChannel> channels() {
  std::vector<DataChannel> list;
  for (std::size_t k = 0; k < 100; ++k) {
    list.push_back({0, k, 1.4199e9 + 1e4 * static_cast<double>(k), 1e4});
  }
  return list;
}

SpectralAxis axis_of(const std::string& start, const std::string& width,
                     std::optional<std::size_t> nchan = {}, bool optical = false) {
  return spectral_axis(channels(), {start, width, nchan, optical, kRest});
}

}  // namespace

TEST_CASE("an axis by channels begins where its first channel does") {
  const SpectralAxis all = axis_of("", "");
  CHECK(all.nchan == 100);
  CHECK(all.first_hz == Approx(1.4199e9).epsilon(1e-15));
  CHECK(all.step_hz == 1e4);
  const SpectralAxis wide = axis_of("10", "3");
  CHECK(wide.nchan == 30);
  CHECK(wide.first_hz == Approx(1.4199e9 + 11e4).epsilon(1e-15));
  CHECK(wide.step_hz == 3e4);
  const SpectralAxis down = axis_of("99", "-1", 5);
  CHECK(down.first_hz == Approx(1.4199e9 + 99e4).epsilon(1e-15));
  CHECK(down.step_hz == -1e4);
  CHECK(down.freq_hz(4) == Approx(1.4199e9 + 95e4).epsilon(1e-15));
}

TEST_CASE("an axis by frequency: start is a centre, the default is the whole of the data") {
  const SpectralAxis axis = axis_of("1.42GHz", "25kHz");
  CHECK(axis.first_hz == 1.42e9);
  CHECK(axis.step_hz == 2.5e4);
  // From 1.4199875 GHz to 1.420895 GHz: 36.3 planes.
  CHECK(axis.nchan == 36);
  CHECK(axis_of("1.42GHz", "", 7).step_hz == 1e4);
  const SpectralAxis down = axis_of("", "-50kHz");
  CHECK(down.first_hz == Approx(1.4199e9 + 99.5e4 - 2.5e4).epsilon(1e-15));
  CHECK(down.nchan == 20);
}

TEST_CASE("an axis by velocity: radio is equidistant, growing velocity means falling frequency") {
  const SpectralAxis axis = axis_of("20km/s", "5km/s", 10);
  CHECK(axis.first_hz == Approx(kRest * (1 - 20e3 / kLightSpeed)).epsilon(1e-15));
  CHECK(axis.step_hz == Approx(-kRest * 5e3 / kLightSpeed).epsilon(1e-9));
  CHECK(kLightSpeed * (1 - axis.freq_hz(9) / kRest) == Approx(65e3).epsilon(1e-9));
  const SpectralAxis up = axis_of("60km/s", "-5km/s", 3);
  CHECK(up.step_hz > 0);
  const SpectralAxis optical = axis_of("20km/s", "5km/s", 10, true);
  CHECK(optical.first_hz == Approx(kRest / (1 + 20e3 / kLightSpeed)).epsilon(1e-15));
  CHECK(optical.freq_hz(1) == Approx(kRest / (1 + 25e3 / kLightSpeed)).epsilon(1e-13));
}

TEST_CASE("a frequency is of the plane whose centre is nearest; ties go up") {
  const SpectralAxis axis{1e9, -1e6, 3};
  CHECK(axis.plane_of(1e9) == 0U);
  CHECK(axis.plane_of(0.9995e9) == 1U);
  CHECK(axis.plane_of(0.9984e9) == 2U);
  CHECK_FALSE(axis.plane_of(1.0006e9));
  CHECK_FALSE(axis.plane_of(0.9974e9));
}

TEST_CASE("axes that cannot be are refused in words") {
  CHECK_THROWS_WITH(axis_of("10", "1MHz"), Contains("different kinds"));
  CHECK_THROWS_WITH(axis_of("fast", ""), Contains("start 'fast'"));
  CHECK_THROWS_WITH(axis_of("", "3.5"), Contains("width '3.5'"));
  CHECK_THROWS_WITH(axis_of("100", ""), Contains("100 channels"));
  CHECK_THROWS_WITH(axis_of("", "9kHz"), Contains("narrower"));
  CHECK_THROWS_WITH(axis_of("1.3GHz", ""), Contains("1.4199 GHz"));
  CHECK_THROWS_WITH(axis_of("", "", 101), Contains("101"));
  CHECK_THROWS_WITH(spectral_axis(channels(), {"10km/s", "", {}, false, 0}), Contains("restfreq"));
  // A width of another frame, some ten-thousandths off, is kept.
  CHECK(axis_of("1.42GHz", "9999Hz").step_hz == 9999);
}
