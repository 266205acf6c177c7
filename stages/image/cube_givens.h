// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/log.h>
#include <stages/data/visibilities.h>
#include <stages/image/image_params.h>
#include <stages/image/plane_givens.h>
#include <stages/image/primary_beams.h>
#include <stages/image/start_model.h>
#include <stages/image/user_mask.h>

#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// What the planes of a cube are given: the user's mask, the primary beam's, a model to start from
/// (imaging.md 1.5, 2.10, 4.5).
class CubeGivens {
 public:
  /// Opens what the parameters name.
  /// @throws Error (input or description) when it does not fit the cube, or a beam is asked for of
  ///         a telescope whose dishes, or where they point to, are not known
  CubeGivens(const ImageParams& params, const ObservationHeader& header, const ImageHeader& cube,
             Lanes& lanes);

  /// Files and folders that are read.
  std::vector<std::string> paths() const;
  /// Beams of dishes that did not track the phase centre; before the first of().
  void set_pointings(const std::vector<BeamPointing>& pointings);
  /// Where the dishes stand on the meridian; nothing when they track the phase centre.
  std::optional<double> standing_dec_rad() const { return standing_dec_rad_; }
  /// Null when the dishes are not known, or where they point to.
  const PrimaryBeams* beams() const { return beams_ ? &*beams_ : nullptr; }

  /// Reads what serves all planes; before the first of().
  void load();
  /// What a plane is given, but for the beam; from any thread.
  PlaneGivens of(std::size_t plane) const;

  /// The products of a plane that the primary beam masks or makes.
  Plane limited(const Plane& plane, std::size_t number) const;
  Plane pb(std::size_t number) const;
  Plane corrected(const Plane& image, std::size_t number) const;

 private:
  const ImageParams& params_;
  ImageHeader image_;
  std::optional<DishBeam> dish_;
  std::optional<double> standing_dec_rad_;
  double pbmask_ = 0;
  std::optional<PrimaryBeams> beams_;
  std::optional<UserMask> mask_;
  std::optional<StartModel> start_;
};

}  // namespace skymill::radio
