// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/units.h>
#include <stages/kernels/primary_beam.h>
#include <stages/sky/dish_beam.h>
#include <stages/sky/telescope_name.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <vector>

namespace skymill::radio {

namespace {

constexpr double kSmallDish = 9;  // m: ALMA's 7-m antennas are below, its 12-m antennas above

/// Diameters as the observatories publish them, metres.
double published_diameter_m(const std::string& name) {
  static const std::map<std::string, double> table{
      {"ASKAP", 12},   {"ATCA", 22}, {"BIMA", 6.1},     {"DSA110", 4.65}, {"GMRT", 45},
      {"IRAMPDB", 15}, {"KAT7", 12}, {"MEERKAT", 13.5}, {"NOEMA", 15},    {"SMA", 6},
      {"UGMRT", 45},   {"VLBA", 25}, {"WSRT", 25}};
  const auto found = table.find(name);
  return found == table.end() ? 0 : found->second;
}

/// The diameter that most antennas have; 0 when they give none.
double common_diameter_m(const std::vector<Antenna>& antennas) {
  std::map<double, std::size_t> counts;
  for (const Antenna& antenna : antennas) {
    if (std::isfinite(antenna.diameter_m) && antenna.diameter_m > 0) ++counts[antenna.diameter_m];
  }
  const auto most =
      std::max_element(counts.begin(), counts.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == counts.end() ? 0 : most->first;
}

DishBeam airy(const kernels::Dish& dish, const std::string& why) {
  const auto beam = std::make_shared<const kernels::AiryBeam>(dish);
  return {[beam](double r) { return beam->power(r); }, beam->reach_arcmin_ghz(),
          "Airy pattern of a dish of " + format_quantity(dish.diameter_m, "m") +
              (dish.blockage_m > 0 ? " blocked by " + format_quantity(dish.blockage_m, "m") : "") +
              " (" + why + ")"};
}

}  // namespace

std::optional<DishBeam> dish_beam(const ObservationHeader& header) {
  const std::string name = plain_telescope_name(header.telescope);
  const double diameter_m = common_diameter_m(header.antennas);
  if (name == "ACA" || (name == "ALMA" && diameter_m > 0 && diameter_m < kSmallDish)) {
    return airy(kernels::alma_7m(), "ALMA's 7-m antennas");
  }
  if (name == "ALMA") return airy(kernels::alma_12m(), "ALMA's 12-m antennas");
  if (name == "VLA" || name == "EVLA") {
    return DishBeam{kernels::vla_power, kernels::kVlaReach, "polynomial of the VLA"};
  }
  if (is_dsa110(header.telescope)) {
    const double given_m = diameter_m > 0 ? diameter_m : published_diameter_m("DSA110");
    return airy({given_m, 0, 0}, "the DSA-110's, evenly lit");
  }
  if (diameter_m > 0) return airy(kernels::plain_dish(diameter_m), "of the antenna table");
  const double published_m = published_diameter_m(name);
  if (published_m > 0) return airy(kernels::plain_dish(published_m), header.telescope);
  return std::nullopt;
}

}  // namespace skymill::radio
