// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/view.h>

#include <cstddef>
#include <vector>

namespace skymill::kernels {

/// A dish, evenly lit, with a blocked centre.
struct Dish {
  double diameter_m = 0;
  double blockage_m = 0;     ///< diameter; 0: not blocked
  double reach_deg_ghz = 0;  ///< the beam is 0 beyond; 0: the same number of rings as ALMA's
};

/// ALMA's 12-m antennas as tclean has them: 10.7 m, 0.75 m, 1.784 deg GHz.
Dish alma_12m();
/// ALMA's 7-m antennas: 6.25 m, 0.75 m, 3.568 deg GHz.
Dish alma_7m();
/// A telescope that is not known: its diameter, blocked by 0.75/12 of it.
Dish plain_dish(double diameter_m);

/// The voltage pattern of a dish at a distance from the axis times the frequency: Airy with
/// blockage, 1 on the axis; imaging.md 2.10. The secondary term takes x * L, as tclean's does,
/// where physics has x / L. dish.reach_deg_ghz does not matter here.
double airy_voltage(const Dish& dish, double arcmin_ghz);

/// The power pattern of a dish: airy_voltage squared, from a table of 10000 samples by truncation
/// as tclean takes it (up to 1.2e-4 above the formula), 0 beyond the dish's reach.
class AiryBeam {
 public:
  /// Throws std::invalid_argument when the blockage is below 0 or not below the diameter.
  explicit AiryBeam(const Dish& dish);

  /// At a distance from the axis times the frequency.
  double power(double arcmin_ghz) const;
  /// The power is 0 from here on.
  double reach_arcmin_ghz() const { return reach_arcmin_ghz_; }

  /// Fills pb [y][x] with the power at one frequency. The axis is at pixel (centre_y, centre_x),
  /// which may lie between pixels or outside; offsets are flat. Cells in radians, of either sign.
  void fill(double freq_hz, double cell_x_rad, double cell_y_rad, double centre_x, double centre_y,
            View<float, 2> pb) const;

 private:
  std::vector<double> power_;
  double reach_arcmin_ghz_ = 0;
};

inline constexpr double kVlaReach = 58;  ///< arcmin GHz; the polynomial would rise again beyond

/// The power pattern of the VLA's 25-m antennas: tclean's polynomial of the distance from the axis
/// times the frequency (imaging.md 2.10), 0 where that is negative.
double vla_power(double arcmin_ghz);

/// image / pb where pb > 0, else 0 (imaging.md 2.10); out may be the memory of image. False, and
/// out is not touched, when pb is nowhere above 0. All [y][x] of one shape (std::invalid_argument
/// otherwise).
bool pb_correct(View<const float, 2> image, View<const float, 2> pb, View<float, 2> out);

}  // namespace skymill::kernels
