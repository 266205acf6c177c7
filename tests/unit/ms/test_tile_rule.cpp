// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/ms/tile_rule.h>

#include <catch2/catch.hpp>

using skymill::radio::wall::TileRule;

TEST_CASE("tiles end where integrations end", "[ms]") {
  const std::size_t bytes = std::size_t{5} << 18;
  // DSA-110: 48 channels of two complex correlations, 4656 baselines: thirds of an integration.
  CHECK(TileRule{bytes, 4656, 111744}.rows(768) == 1552);
  CHECK(TileRule{bytes, 4560, 109440}.rows(768) == 1520);
  // Thin columns take whole integrations.
  CHECK(TileRule{bytes / 8, 4656, 111744}.rows(24) == 4656);
  CHECK(TileRule{bytes / 8, 4656, 111744}.rows(8) == 4 * 4656);
  // A prime number of baselines: parts that are nearly equal.
  CHECK(TileRule{1000, 1009, 0}.rows(1) == 505);
  CHECK(TileRule{bytes, 0, 0}.rows(768) == 1706);
  CHECK(TileRule{bytes, 4656, 100}.rows(8) == 100);
  CHECK(TileRule{10, 7, 0}.rows(1000) == 1);
}
