// SPDX-License-Identifier: GPL-3.0-or-later
// Dishes that do not track are never taken for such that do.
#include <core/error.h>
#include <stages/sky/dish_pointing.h>
#include <catch2/catch.hpp>

using namespace skymill;
using namespace skymill::radio;

namespace {

ObservationHeader header_of(const std::string& telescope, Phasing phasing, double dec_rad = 0) {
  ObservationHeader header;
  header.telescope = telescope;
  header.source = "my.ms";
  header.phasing = phasing;
  header.pointing_dec_rad = dec_rad;
  header.fields.emplace_back();
  return header;
}

}  // namespace

TEST_CASE("where dishes stand on the meridian is given, brought by the data, or asked for") {
  const auto stands = [](const ObservationHeader& header, std::optional<double> given = {}) {
    return standing_declination(header, given);
  };
  CHECK(stands(header_of("DSA_110", Phasing::meridian, 0.65)) == 0.65);
  CHECK(stands(header_of("DSA_110", Phasing::meridian, 0)) == 0.0);  // the equator
  CHECK(stands(header_of("DSA_110", Phasing::tracked, 0.65)) == 0.65);
  CHECK(stands(header_of("DSA_110", Phasing::tracked, 0.65), 0.5) == 0.5);
  CHECK(stands(header_of("DSA_110", Phasing::tracked), 0.5) == 0.5);
  CHECK_FALSE(stands(header_of("VLA", Phasing::tracked)).has_value());
  for (const char* telescope : {"DSA_110", "dsa-110", "OVRO_MMA"}) {
    const ObservationHeader header = header_of(telescope, Phasing::tracked);
    CHECK_FALSE(knows_pointing(header, {}));
    CHECK_THROWS_WITH(stands(header), Catch::Contains("'my.ms'") &&
                                          Catch::Contains("at which declination they stand"));
  }
  CHECK_THROWS_AS(stands(header_of("VLA", Phasing::unprojected)), Error);
  // A field for each integration: the centres follow the sky across the meridian.
  ObservationHeader many = header_of("DSA_110", Phasing::tracked);
  many.fields.emplace_back();
  CHECK_FALSE(stands(many).has_value());
}
