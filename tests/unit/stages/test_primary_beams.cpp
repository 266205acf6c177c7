// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/image/drift_pointings.h>
#include <stages/image/primary_beams.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numbers>

using namespace skymill;
using namespace skymill::radio;

namespace {

constexpr double kArcsec = std::numbers::pi / 180 / 3600;

ObservationHeader array_of(const std::string& telescope, double diameter_m) {
  ObservationHeader header;
  header.telescope = telescope;
  for (int k = 0; k < 3; ++k)
    header.antennas.push_back({"A" + std::to_string(k), "", {}, diameter_m});
  return header;
}

ImageHeader image_of(std::size_t nx, std::size_t ny, double cell_arcsec) {
  ImageHeader image;
  image.nx = nx;
  image.ny = ny;
  image.cell_x_rad = -cell_arcsec * kArcsec;
  image.cell_y_rad = cell_arcsec * kArcsec;
  image.phase_centre = {1, 0.5, "ICRS"};
  return image;
}

std::vector<float> all_rows(const PrimaryBeams& beams, const ImageHeader& image, double freq_hz) {
  std::vector<float> out(image.nx * image.ny);
  beams.rows(freq_hz, 0, image.ny, out.data());
  return out;
}

}  // namespace

TEST_CASE("each telescope has the beam that tclean gives it") {
  // Half power of ALMA's 12-m antennas at 99.79'/2 from the axis (imaging.md 11).
  const auto alma = dish_beam(array_of("ALMA", 12));
  REQUIRE(alma);
  CHECK(alma->power(99.793 / 2) == Approx(0.5).margin(3e-4));
  CHECK(dish_beam(array_of("ALMA", 7))->power(99.793 / 2) ==
        dish_beam(array_of("ACA", 0))->power(99.793 / 2));
  CHECK(dish_beam(array_of("ACA", 0))->power(49.9) > 0.75);
  // The VLA's is the polynomial whatever the antenna table says: its half power is at 22.3'.
  CHECK(dish_beam(array_of("EVLA", 25))->power(22.32) == Approx(0.5).margin(5e-3));
  CHECK(dish_beam(array_of("VLA", 0))->power(50) == 0);
  // The antenna table goes before what is published.
  const double given = dish_beam(array_of("MeerKAT", 12))->power(20);
  CHECK(given == dish_beam(array_of("nobody's", 12))->power(20));
  CHECK(given > dish_beam(array_of("MeerKAT", 0))->power(20));
  CHECK(dish_beam(array_of("DSA_110", 0))->power(60) ==
        dish_beam(array_of("DSA-110", 4.65))->power(60));
  CHECK(dish_beam(array_of("OVRO_MMA", 4.65))->power(60) ==
        dish_beam(array_of("DSA-110", 4.65))->power(60));
  CHECK_FALSE(dish_beam(array_of("nobody's", 0)));
  ObservationHeader mixed = array_of("OVRO", 10.4);
  mixed.antennas.push_back({"B", "", {}, 6.1});
  CHECK(dish_beam(mixed)->power(30) == dish_beam(array_of("", 10.4))->power(30));
}

TEST_CASE("the DSA-110's beam is that of an evenly lit dish to 0.5 per cent") {
  const DishBeam beam = *dish_beam(array_of("DSA_110", 4.65));
  constexpr double kSpeedOfLight = 299792458;
  for (const double arcmin : {5.0, 30.0, 60.0, 90.0}) {  // at 1.4 GHz, down to a third
    const double angle = arcmin * 60 * kArcsec;
    const double x = std::numbers::pi * 4.65 * std::sin(angle) * 1.4e9 / kSpeedOfLight;
    const double voltage = 2 * std::cyl_bessel_j(1.0, x) / x;
    CHECK(beam.power(1.4 * arcmin) == Approx(voltage * voltage).epsilon(2e-3));
  }
  // FWHM 1.03 lambda / D (dsa110.md 1.8).
  const double half_arcmin = 0.5 * 1.029 * kSpeedOfLight / 1.4e9 / 4.65 / kArcsec / 60;
  CHECK(beam.power(1.4 * half_arcmin) == Approx(0.5).margin(3e-3));
}

TEST_CASE("the beam is centred on the pointing and scales with the frequency") {
  ImageHeader image = image_of(60, 50, 1);
  const Direction pointing = image.phase_centre;
  const PrimaryBeams centred(*dish_beam(array_of("ALMA", 12)), image, {{pointing}});
  const auto at_100 = all_rows(centred, image, 100e9);
  CHECK(at_100[25 * 60 + 30] == 1);
  // Twice the frequency at half the distance is the same.
  const auto at_200 = all_rows(centred, image, 200e9);
  CHECK(at_200[25 * 60 + 30 + 10] == at_100[25 * 60 + 30 + 20]);
  // The image lies 12 pixels to the north of the pointing, which is the same 12 pixels further
  // down.
  image.phase_centre.dec_rad += 12 * kArcsec;
  const PrimaryBeams shifted(*dish_beam(array_of("ALMA", 12)), image, {{pointing}});
  const auto moved = all_rows(shifted, image, 100e9);
  CHECK(moved[13 * 60 + 30] == Approx(1).margin(1e-6));
  CHECK(moved[33 * 60 + 30] == Approx(at_100[45 * 60 + 30]).margin(1e-4));
  // Any cut into rows gives the same bits.
  std::vector<float> cut(moved.size());
  for (std::size_t y = 0; y < 50; y += 7) {
    shifted.rows(100e9, y, std::min<std::size_t>(7, 50 - y), cut.data() + y * 60);
  }
  CHECK(cut == moved);
  image.phase_centre = {1 + std::numbers::pi, -0.5, "ICRS"};
  CHECK_THROWS_WITH(PrimaryBeams(*dish_beam(array_of("VLA", 25)), image, {{pointing}}),
                    Catch::Contains("other side"));
}

TEST_CASE("the pixels above a level are those that the rows have") {
  const double level = GENERATE(-1.0, 0.0, 0.001, 0.008, 0.2, 0.5, 0.999, 1.0);
  const double cell = GENERATE(0.6, 4.0, 60.0);
  const std::string telescope = GENERATE("ALMA", "VLA");
  INFO(level << " " << cell << " " << telescope);
  ImageHeader image = image_of(90, 71, cell);
  Direction pointing = image.phase_centre;
  pointing.ra_rad += 3.3 * cell * kArcsec;
  const PrimaryBeams beams(*dish_beam(array_of(telescope, 0)), image, {{pointing}});
  const double freq_hz = 90e9;
  const auto power = all_rows(beams, image, freq_hz);
  std::vector<int> wanted, found(power.size(), 0);
  for (const float value : power) wanted.push_back(static_cast<double>(value) > level ? 1 : 0);
  for (const kernels::PixelRun& run : beams.above(freq_hz, level)) {
    REQUIRE(run.first < run.end);
    for (std::size_t x = run.first; x < run.end; ++x) ++found[run.y * image.nx + x];
  }
  CHECK(found == wanted);
}

TEST_CASE("products of the beam are masked below the limit") {
  const ImageHeader image = image_of(64, 64, 2);
  const PrimaryBeams beams(*dish_beam(array_of("ALMA", 12)), image, {{image.phase_centre}});
  const double limit = GENERATE(0.3, -0.3);
  const auto power = all_rows(beams, image, 100e9);
  const Plane flat(std::vector<float>(power.size(), 3.0F), image.nx);
  const auto pb = beams.pb(100e9, limit).pixels();
  const auto corrected = beams.corrected(flat, 100e9, limit).pixels();
  const auto limited = beams.limited(flat, 100e9, 0.3).pixels();
  std::size_t inside = 0;
  for (std::size_t k = 0; k < power.size(); ++k) {
    if (power[k] > 0.3F) {
      ++inside;
      REQUIRE(pb[k] == power[k]);
      REQUIRE(corrected[k] == 3.0F / power[k]);
      REQUIRE(limited[k] == 3.0F);
    } else {
      REQUIRE(std::isnan(pb[k]));
      REQUIRE(std::isnan(corrected[k]));
      REQUIRE(std::isnan(limited[k]));
    }
  }
  CHECK(inside > 1000);
  CHECK(inside < power.size());
}

TEST_CASE("the beam of a drift is the weighted mean of the beams, not renormalised") {
  ImageHeader image = image_of(50, 40, 240);
  const DishBeam dish = *dish_beam(array_of("DSA_110", 4.65));
  std::vector<BeamPointing> pointings;
  for (int k = 0; k < 7; ++k) {
    Direction direction = image.phase_centre;
    direction.ra_rad += (k - 2) * 600 * kArcsec;
    pointings.push_back({direction, 1.0 + k});
  }
  const double freq_hz = 1.4e9;
  const PrimaryBeams drift(dish, image, pointings);
  const auto mean = all_rows(drift, image, freq_hz);
  std::vector<double> direct(mean.size(), 0);
  double sum = 0;
  for (const BeamPointing& pointing : pointings) {
    const auto one = all_rows(PrimaryBeams(dish, image, {{pointing.direction}}), image, freq_hz);
    for (std::size_t k = 0; k < one.size(); ++k) {
      direct[k] += pointing.weight * static_cast<double>(one[k]);
    }
    sum += pointing.weight;
  }
  float most = 0;
  for (std::size_t k = 0; k < mean.size(); ++k) {
    REQUIRE(static_cast<double>(mean[k]) == Approx(direct[k] / sum).margin(1e-6));
    most = std::max(most, mean[k]);
  }
  CHECK(most < 0.99F);
  std::size_t above = 0;
  for (const kernels::PixelRun& run : drift.above(freq_hz, 0.5)) above += run.end - run.first;
  CHECK(above == static_cast<std::size_t>(
                     std::count_if(mean.begin(), mean.end(), [](float pb) { return pb > 0.5F; })));
  CHECK(above > 100);
}

TEST_CASE("dishes on the meridian point further east with time, weighted by good data") {
  auto header = std::make_shared<ObservationHeader>(array_of("DSA_110", 4.65));
  header->position = {-2.06427799, 0.649966, 1222};
  Visibilities rows;
  rows.header = header;
  rows.nchan = 2;
  rows.ncorr = 2;
  const double start_s = 60950.27 * 86400;
  for (int k = 0; k < 4; ++k) {
    rows.time_s.push_back(start_s + 60 * k);
    rows.weight.insert(rows.weight.end(), {2, 1});
    rows.flag.insert(rows.flag.end(), {0, 0, 0, static_cast<std::uint8_t>(k == 1 ? 1 : 0)});
  }
  // One moment without good data, one without weight.
  for (std::size_t k = 8; k < 12; ++k) rows.flag[k] = 1;
  rows.weight[6] = 0;
  rows.weight[7] = std::numeric_limits<float>::quiet_NaN();
  DriftPointings drift(*header, 0.6);
  drift.add(rows);
  const auto pointings = drift.pointings();
  REQUIRE(pointings.size() == 2);
  CHECK(pointings[0].weight == 6);
  CHECK(pointings[1].weight == 5);
  const double moved = pointings[1].direction.ra_rad - pointings[0].direction.ra_rad;
  CHECK(moved / kArcsec == Approx(60 * 15.041).epsilon(5e-3));
  CHECK(pointings[0].direction.dec_rad == Approx(0.6).margin(5e-3));
  header->position = {};
  CHECK_THROWS_AS(DriftPointings(*header, 0.6), Error);
}
