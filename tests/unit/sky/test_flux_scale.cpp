// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/sky/flux_scale.h>

#include <catch2/catch.hpp>

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

TEST_CASE("fluxes of the scale are those of the specification, to the digits printed") {
  struct Printed {
    const char* name;
    double at_1280, at_1405, at_1530;
  };
  // calibration.md 5.7
  const Printed table[] = {{"3C286", 15.767, 15.057, 14.420},
                           {"3C48", 17.466, 16.209, 15.121},
                           {"3C147", 23.699, 22.111, 20.727},
                           {"3C138", 8.987, 8.547, 8.156}};
  for (const Printed& row : table) {
    CAPTURE(row.name);
    const ScaleSource* const source = scale_source(row.name);
    REQUIRE(source != nullptr);
    CHECK(source->flux_jy_at(1.28e9) == Approx(row.at_1280).epsilon(0).margin(0.00051));
    CHECK(source->flux_jy_at(1.405e9) == Approx(row.at_1405).epsilon(0).margin(0.00051));
    CHECK(source->flux_jy_at(1.53e9) == Approx(row.at_1530).epsilon(0).margin(0.00051));
  }
}

TEST_CASE("further sources of the scale are near what surveys at 1.4 GHz found") {
  CHECK(scale_source("3C123")->flux_jy_at(1.4e9) == Approx(47.9).epsilon(0.03));
  CHECK(scale_source("3C196")->flux_jy_at(1.4e9) == Approx(14.4).epsilon(0.03));
  CHECK(scale_source("3C295")->flux_jy_at(1.4e9) == Approx(22.5).epsilon(0.03));
}

TEST_CASE("outside the range of the fit there is no flux") {
  CHECK_THROWS_WITH(scale_source("3C138")->flux_jy_at(0.15e9),
                    Contains("3C138") && Contains("200 MHz") && Contains("150 MHz"));
  CHECK_THROWS_WITH(scale_source("3C286")->flux_jy_at(60e9), Contains("50 GHz"));
  CHECK(scale_source("3C286")->flux_jy_at(50e9) > 0);
  CHECK(scale_source("3C1") == nullptr);
}
