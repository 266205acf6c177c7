// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>
#include <core/axes.h>
#include <core/error.h>
#include <core/port.h>

using namespace skymill;

TEST_CASE("spans intersect, and say where they are") {
  const Span a = Span("channel", 0, 48).set("row", 10, 20);
  CHECK(a.text() == "channel 0:48, row 10:20");
  CHECK(a.at("row").size() == 10);
  CHECK_THROWS_AS(a.at("time"), Error);
  const auto both = a.intersect(Span("channel", 40, 60));
  REQUIRE(both);
  CHECK(both->at("channel") == Extent{40, 48});
  CHECK(both->at("row") == Extent{10, 20});
  CHECK_FALSE(a.intersect(Span("channel", 48, 50)));
  CHECK_THROWS_AS(Span("row", 3, 2), Error);
}

TEST_CASE("an axis is cut into pieces that cover it once") {
  const auto pieces = split(10, 4);
  REQUIRE(pieces.size() == 3);
  CHECK(pieces[0] == Extent{0, 4});
  CHECK(pieces[2] == Extent{8, 10});
  CHECK(split(0, 4).empty());
  CHECK_THROWS_AS(split(3, 0), Error);
}

TEST_CASE("an output fits an input, or every reason why not is given") {
  PortSpec given;
  given.kind = {"visibilities", 1};
  given.axes = {"row", "channel"};
  given.columns = {"data", "flag"};
  given.properties["spectral_windows"] = std::int64_t{16};
  given.properties["frequency"] = 1.4e9;

  PortNeed need;
  need.kind = {"visibilities", 1};
  need.axes = {"channel"};
  need.columns = {"data"};
  need.requirements = {{"frequency", {}, {1e9, 2e9}, "", ""}};
  CHECK(match(need, given).empty());

  need.columns = {"data", "weight"};
  need.requirements.push_back(
      {"spectral_windows", {std::int64_t{1}}, {}, "gridder: idg", "join them first"});
  need.requirements.push_back({"calibrated", {true}, {}, "", ""});
  const auto reasons = match(need, given);
  REQUIRE(reasons.size() == 3);
  CHECK(reasons[0].needs == "columns weight");
  CHECK(reasons[1].needs == "spectral_windows = 1 (gridder: idg)");
  CHECK(reasons[1].has == "spectral_windows = 16");
  CHECK(reasons[1].hint == "join them first");
  CHECK(reasons[2].has == "calibrated not stated");

  given.kind.version = 2;
  REQUIRE(match(need, given).size() == 1);
  CHECK(match(need, given)[0].has == "visibilities@2");
}
