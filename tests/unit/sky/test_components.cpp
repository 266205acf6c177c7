// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <stages/sky/component.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

std::vector<Component> components_of(const std::string& text) {
  const Scratch folder(".", "sky");
  const std::string path = folder.path() + "/list.csv";
  std::ofstream(path) << text;
  return read_components(path);
}

}  // namespace

TEST_CASE("a list of components is read by the names of its columns") {
  const auto read = components_of(
      "flux, l, m, name, major, minor, pa, spectral_index\n"
      "1.5Jy, 30arcsec, -20arcsec, A, 10arcsec, 5arcsec, 30deg, -0.7\n"
      "500 mJy, 0, 0, , , , ,\n");
  REQUIRE(read.size() == 2);
  CHECK(read[0].name == "A");
  CHECK(read[0].l == Approx(std::sin(1.454441043e-4)).epsilon(1e-8));
  CHECK(read[0].m == Approx(-9.69627362e-5).epsilon(1e-8));
  CHECK(read[0].gaussian());
  CHECK(read[0].pa_rad == Approx(0.5235987756));
  CHECK(read[0].flux_jy_at(2e9, 1e9) == Approx(1.5 * std::pow(2, -0.7)));
  CHECK(read[1].name == "C2");
  CHECK(read[1].flux_jy == 0.5);
  CHECK_FALSE(read[1].gaussian());
  const auto placed = components_of(
      "ra,dec,flux,reference_frequency,curvature\n"
      "12h30m49.4s,-26d05m10s,2Jy,1GHz,0.3\n");
  REQUIRE(placed[0].direction);
  CHECK(placed[0].direction->dec_rad < -0.4);
  CHECK(placed[0].flux_jy_at(1e10, 5) == Approx(2 * std::pow(10, 0.3)));
}

TEST_CASE("a component without a flux or a place is refused by file and line") {
  const auto fault = [](const std::string& text) {
    try {
      components_of(text);
    } catch (const Error& error) {
      return error.where().text() + " " + error.message();
    }
    return std::string("nothing is wrong");
  };
  CHECK_THAT(fault("l,m,flux\n0,0,1Jy\n1arcsec,1arcsec,\n"),
             Contains("list.csv:3") && Contains("no flux"));
  CHECK_THAT(fault("l,m\n0,0\n"), Contains("list.csv:2") && Contains("no flux"));
  CHECK_THAT(fault("flux\n1Jy\n"), Contains("no place"));
  CHECK_THAT(fault("l,m,ra,dec,flux\n0,0,1h,1deg,1Jy\n"), Contains("both"));
  CHECK_THAT(fault("l,m,flux,minor\n0,0,1Jy,3arcsec\n"), Contains("minor"));
  CHECK_THAT(fault("l,m,flux,major,minor\n0,0,1Jy,3arcsec,4arcsec\n"), Contains("shorter"));
  CHECK_THAT(fault("l,m,flux\n"), Contains("no sources"));
}
