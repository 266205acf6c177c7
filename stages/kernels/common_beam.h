// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/kernels/beam_fit.h>

#include <cstddef>
#include <vector>

namespace skymill::kernels {

/// The smallest elliptical Gaussian from which every beam can be deconvolved: the ellipse of least
/// area around the same centre that holds all of them, to 1e-9 of its axes. tclean's rule
/// (imaging.md 2.9) ends with one that is up to some tenths of a percent larger, or more for three
/// and more beams. Throws std::invalid_argument for no beams or one without width.
GaussianBeam enclosing_beam(const std::vector<GaussianBeam>& beams);

struct CommonBeam {
  GaussianBeam beam;
  std::vector<std::size_t> left_out;  ///< numbers of beams that it need not enclose; say so
};

/// The enclosing beam of the planes of a cube, without those that a bad plane spoiled: left out is
/// a beam that is no beam (not finite, no width: a blank plane), and, of three or more, one whose
/// major axis or area is above the median by more than the larger of
///   - 5 * 1.4826 times the median deviation from the median, in logarithms, and
///   - a fifth in the axis (44 % in the area).
/// Beams that only follow the frequency never are. Throws std::invalid_argument when none is left.
CommonBeam common_beam(const std::vector<GaussianBeam>& beams);

}  // namespace skymill::kernels
