// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/concat/image_part.h>

#include <string>
#include <vector>

namespace skymill::radio {

struct JoinRules {
  bool relax = false;    ///< gaps and unequal coordinates, units and beams are no error
  bool reorder = false;  ///< sort by frequency
};

/// What the parts are together.
struct JoinedCube {
  ImageHeader header;  ///< history: every line that a part has, once
  std::string unit;
  std::vector<Beam> beams;            ///< [chan], or empty
  std::vector<std::string> warnings;  ///< what `relax` let pass
};

/// Checks that the parts follow each other on the frequency axis without gap or overlap and are
/// alike in all else, and joins their headers. Frequencies are compared to rounding (4 units in
/// the last place) or a millionth of a channel, not to casacore's hundredth, so the cube's axis is
/// that of every part.
/// @param parts at least one; in their order afterwards
/// @throws Error (input) that names the two images and what is between them
JoinedCube join_parts(std::vector<ImagePart>& parts, const JoinRules& rules);

}  // namespace skymill::radio
