// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/primary_beam.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "direct_sum.h"
#include "printed_number.h"

using namespace skymill::kernels;
using oracle::Image;
using oracle::printed;

namespace {

/// Where ALMA's power falls to a level, arcmin GHz.
double radius_at(double level) {
  double inside = 0;
  double outside = 107;
  while (outside - inside > 1e-9) {
    const double middle = 0.5 * (inside + outside);
    (std::pow(airy_voltage(alma_12m(), middle), 2) > level ? inside : outside) = middle;
  }
  return inside;
}

}  // namespace

TEST_CASE("the ALMA beam has the printed values", "[kernels][pb]") {
  const AiryBeam beam(alma_12m());
  const std::vector<std::pair<double, std::string>> vectors{
      {10, ".984476"}, {20, ".906738"}, {30, ".790884"},  {40, ".649479"}, {50, ".498448"},
      {60, ".353839"}, {80, ".130205"}, {100, ".021256"}, {107, ".006678"}};
  CHECK(beam.power(0) == 1.0);
  for (const auto& [r, power] : vectors) {
    INFO("r = " << r);
    CHECK(std::pow(airy_voltage(alma_12m(), r), 2) == printed(power));
    // The table's sample before.
    const double step = 1.784 * 60 / 9999;
    const double before = std::floor(r / step) * step;
    CHECK(beam.power(r) ==
          Approx(std::pow(airy_voltage(alma_12m(), before), 2)).epsilon(0).margin(1e-12));
    CHECK(beam.power(-r) == beam.power(r));
  }
  CHECK(2 * radius_at(0.5) == printed("99.793"));
  CHECK(radius_at(0.2) == printed("72.608"));
  CHECK(radius_at(0.2) / 100 * 60 == printed("43.6"));  // arcsec at 100 GHz
  CHECK(beam.power(107.2) == 0.0);
}

TEST_CASE("the beam scales with dish and frequency", "[kernels][pb]") {
  const AiryBeam plain(plain_dish(12));
  const AiryBeam twice(plain_dish(24));
  for (const double r : {5.0, 20.0, 45.0}) {
    CHECK(twice.power(r) == Approx(plain.power(2 * r)).epsilon(0).margin(1e-9));
  }
  CHECK(AiryBeam(alma_7m()).power(60) > AiryBeam(alma_12m()).power(60));
  CHECK(AiryBeam(alma_7m()).power(3.5 * 60) >= 0);
  CHECK_THROWS_WITH(AiryBeam({12, -1, 0}), Catch::Contains("12"));
  CHECK_THROWS_AS(AiryBeam({12, 13, 0}), std::invalid_argument);
}

TEST_CASE("the beam in pixels", "[kernels][pb]") {
  const AiryBeam beam(alma_12m());
  const double arcmin = std::numbers::pi / 180 / 60;
  Image pb(11, 9);
  beam.fill(100e9, -0.1 * arcmin, 0.05 * arcmin, 5, 4, pb.view());
  CHECK(pb(4, 5) == 1.0F);
  // Four pixels of 0.05' at 100 GHz are 20 arcmin GHz, five of 0.1' are 50.
  CHECK(pb(8, 5) == Approx(0.906738).epsilon(0).margin(1e-4));
  CHECK(pb(0, 5) == pb(8, 5));
  CHECK(pb(4, 0) == Approx(0.498448).epsilon(0).margin(2e-4));
  CHECK(pb(4, 10) == pb(4, 0));
  CHECK(pb(8, 8) == Approx(beam.power(std::sqrt(20.0 * 20 + 30 * 30))).epsilon(0).margin(1e-4));
  Image shifted(11, 9);
  beam.fill(100e9, -0.1 * arcmin, 0.05 * arcmin, 3.5, 4, shifted.view());
  CHECK(shifted(4, 3) == shifted(4, 4));
}

TEST_CASE("correction by the beam", "[kernels][pb]") {
  Image image(3, 1);
  image.pixels = {1, 2, 3};
  Image pb(3, 1);
  pb.pixels = {0.5F, 0, 1};
  Image out(3, 1);
  CHECK(pb_correct(image.view(), pb.view(), out.view()));
  CHECK(out.pixels == std::vector<float>{2, 0, 3});
  CHECK(pb_correct(std::as_const(image).view(), std::as_const(pb).view(), image.view()));
  CHECK(image.pixels == std::vector<float>{2, 0, 3});
  const Image nothing(3, 1);
  CHECK_FALSE(pb_correct(std::as_const(out).view(), nothing.view(), image.view()));
  CHECK(image.pixels == std::vector<float>{2, 0, 3});
  const Image other(1, 3);
  CHECK_THROWS_WITH(pb_correct(std::as_const(out).view(), other.view(), image.view()),
                    Catch::Contains("shape"));
}
