// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/context.h>
#include <stages/concat/joined_axis.h>

#include <string>
#include <vector>

namespace skymill::radio {

/// Copies the planes of the parts, with their masks, into one CASA image at `path`.
/// @param path      of the draft; must not exist
/// @param extension of the product, such as "image"; may be empty
/// @throws Error (input) when a part has more than one Stokes plane, another order of axes, or
///         cannot be read to its end
void write_paged_cube(const PipelineContext& ctx, const Lane::Token& token, const std::string& path,
                      const std::string& extension, const JoinedCube& cube,
                      const std::vector<ImagePart>& parts);

/// Reads the cube back and compares it with what was asked for: shape, frequencies, unit, beams.
/// @param planes compare also every pixel and mask with the parts, which are read again
/// @throws Error (failed) that names what differs
void verify_paged_cube(const PipelineContext& ctx, const Lane::Token& token,
                       const std::string& path, const JoinedCube& cube,
                       const std::vector<ImagePart>& parts, bool planes);

}  // namespace skymill::radio
